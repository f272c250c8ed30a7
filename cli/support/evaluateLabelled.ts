// A model as it is, judged on a folder of labelled cases: npm run evaluate -- --data DIR --model NAME [--task …].
import { writeFile } from 'node:fs/promises'
import { InputError } from '../../src/base/errors.ts'
import type { ClassTask } from '../../src/network/model.ts'
import type { LoadedModel } from '../../src/prediction/loadModel.ts'
import type { LabelledCohort } from '../../src/training/labelled/cohort.ts'
import type { CropSet } from '../../src/training/labelled/cropSet.ts'
import { prepareCropSet, type PreparedCrops } from '../../src/training/labelled/prepareCropSet.ts'
import { judgeClasses } from '../../src/training/validation/judgeClasses.ts'
import { judgeMasks } from '../../src/training/validation/judgeMasks.ts'
import type { Compared, ValidationReport } from '../../src/training/validation/report.ts'
import { reportText } from '../../src/training/validation/reportTables.ts'
import { maskProbability, scoreClasses, scoreMasks } from '../../src/training/validation/scoreModel.ts'
import { casesSeen } from '../../src/training/finetune/learntFrom.ts'
import { openLabelled } from './labelled.ts'
import { openModel } from './openModel.ts'

export interface LabelledEvaluation {
  readonly data: string
  readonly model: string
  /** Undefined: what model and data both have, classes first. */
  readonly task: string | undefined
  readonly device: string
  readonly json: string | undefined
}

/** Judges and prints; the report and what was judged go to `json`. @throws InputError in a sentence. */
export async function evaluateLabelled({ data, model: name, task, device, json }: LabelledEvaluation) {
  if (task !== undefined && task !== 'segment' && task !== 'classify')
    throw new InputError(`--task is '${task}', but segment or classify is expected.`)
  const { model, runtime, remark } = await openModel(name, device)
  if (remark) process.stderr.write(`${remark}\n`)
  try {
    const cohort = await openLabelled(data, {}, progressLine('read'))
    const asked = task ?? taskOf(model, cohort)
    const { crops, notices, indices } = await cutFor(model, cohort, asked)
    for (const notice of [...cohort.leftOut.map(({ why }) => why), ...cohort.notices, ...notices])
      process.stderr.write(`${notice}\n`)
    const seen = casesSeen(model.manifest, crops.cases)
    if (seen.length > 0)
      process.stderr.write(
        `${model.manifest.name} has learnt from the scans of ${seen.map(at => cohort.cases[indices[at]].id).join(', ')}.\n`,
      )
    const report = await judge(model, crops, asked, seen.length)
    console.log(`${asked}; ${runtime.label}\n`)
    console.log(reportText(report, at => cohort.cases[indices[at]].id))
    const judged = { name: model.manifest.name, version: model.manifest.version, identity: model.identity }
    const written = {
      ...report,
      model: judged,
      task: asked,
      device: runtime.label,
      date: new Date().toISOString(),
    }
    if (json) await writeFile(json, `${JSON.stringify(written, null, 1)}\n`)
    cohort.release()
  } finally {
    await model.release()
  }
}

function progressLine(verb: string) {
  return ({ done, total }: { readonly done: number; readonly total: number }) => {
    const isWorthSaying = done === total || done % Math.max(1, Math.round(total / 10)) === 0
    if (isWorthSaying) process.stderr.write(`${verb} ${done} of ${total}\n`)
  }
}

function taskOf({ manifest, classify, segment }: LoadedModel, cohort: LabelledCohort): ClassTask {
  if (classify && cohort.cases.some(({ label }) => label !== null)) return 'classify'
  if (segment && cohort.cases.some(({ hasMask }) => hasMask)) return 'segment'
  throw new InputError(
    `The model ${manifest.name} and these cases have nothing in common: a classifier needs labels, a segmentation needs masks.`,
  )
}

function cutFor(model: LoadedModel, cohort: LabelledCohort, task: ClassTask): Promise<PreparedCrops> {
  const entry = model.manifest.networks[task]
  if (!entry)
    throw new InputError(
      `The model ${model.manifest.name} has no network for '${task}'; it has ${Object.keys(model.manifest.networks).join(', ')}.`,
    )
  const progress = progressLine('cut')
  return prepareCropSet(cohort, { shape: entry.shape, spacingMm: entry.spacingMm }, (done, total) =>
    progress({ done, total }),
  )
}

async function judge(
  model: LoadedModel,
  crops: CropSet,
  task: ClassTask,
  seen: number,
): Promise<ValidationReport> {
  const { name, version, provenance } = model.manifest
  const progress = progressLine('judged')
  const options = { onProgress: (done: number, total: number) => progress({ done, total }) }
  const counted = (cases: number, noun: string) => `${cases} ${noun} of ${crops.cases.length} cases`
  const isTuned = provenance.kind === 'finetune'
  const how =
    'The model as it is, nothing was trained' +
    (isTuned ? '; it was fine-tuned, so its figures are only honest on cases that it did not learn from' : '')
  const comparedOn = (data: string): Compared => ({
    after: `${name} ${version}`,
    before: null,
    data,
    synthetic: crops.cases.some(({ synthetic }) => synthetic),
    how,
    ...(seen > 0 && {
      seen: `${name} ${version} has learnt from the scans of ${seen} of the ${crops.cases.length} cases: what is said of these shows what it remembers, not how good it is. Judge it on others.`,
    }),
  })
  if (task === 'segment') {
    const scored = await scoreMasks(model, crops, options)
    const compared = comparedOn(counted(scored.length, 'masks'))
    return judgeMasks(scored, {
      compared: { ...compared, how: `${how}. A voxel belongs to the lesion from ${maskProbability} on` },
    })
  }
  const scored = await scoreClasses(model, crops, options)
  return judgeClasses(scored, {
    compared: comparedOn(counted(scored.length, 'labelled lesions')),
    classes: crops.classes,
  })
}
