// The report of an ablation, as far as it has come.
import { researchNotice } from '../../prediction/pipelineVersion.ts'
import { readJson } from '../run/storage.ts'
import { setTable, withoutIndeterminate, type JudgedSet } from './ablationTable.ts'
import {
  readEnding,
  readJudgedCases,
  scoresFile,
  type AblationOptions,
  type JudgedCases,
  type RunScores,
} from './performAblation.ts'
import type { ProbeScores } from './probeProtocol.ts'
import { ablationRecipe, runName, variants, type AblationPlan, type VariantName } from './variants.ts'

type Scores = Partial<Record<VariantName, RunScores[]>>

async function readScores({ storage }: AblationOptions, plan: AblationPlan): Promise<Scores> {
  const scores: Scores = {}
  for (const variant of variants)
    for (let seed = 1; seed <= plan.seeds; seed++) {
      const found = (await readJson(storage, scoresFile(variant, seed))) as RunScores | undefined
      if (found) scores[variant.name] = [...(scores[variant.name] ?? []), found]
    }
  return scores
}

function scoresOf(scores: Scores, set: 'phantom' | 'cubes'): JudgedSet['scores'] {
  return Object.fromEntries(
    Object.entries(scores).map(([name, seeds]) => [
      name,
      seeds.map(seed => seed[set]).filter((found): found is ProbeScores => found !== null),
    ]),
  )
}

/** How each pretraining ended: whether AMIP lies below the loss of the mean, whether features still differ. */
async function endingsTable({ runStorage }: AblationOptions, plan: AblationPlan): Promise<string> {
  const rows: string[] = []
  for (const variant of variants)
    for (let seed = 1; seed <= plan.seeds; seed++) {
      const ending = await readEnding(runStorage(runName(variant, seed)))
      if (!ending) continue
      const { amip, amipOfMean, featureSpread } = ending
      rows.push(
        `| ${runName(variant, seed)} | ${amip.toFixed(3)} | ${amipOfMean.toFixed(3)} | ${featureSpread.toFixed(3)} |`,
      )
    }
  return [
    '| run | AMIP | AMIP of predicting the mean | spread of the features |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
}

function setsOf(scores: Scores, data: JudgedCases): JudgedSet[] {
  const phantom: JudgedSet = {
    title: 'Phantom nodules (synthetic)',
    cases: data.phantom,
    scores: scoresOf(scores, 'phantom'),
  }
  if (data.cubes.length === 0) return [phantom]
  const cubes: JudgedSet = {
    title: 'LIDC-IDRI nodule cubes, 5-fold by patient',
    cases: data.cubes,
    scores: scoresOf(scores, 'cubes'),
  }
  const decided = withoutIndeterminate(cubes, 'The same without the nodules rated 3')
  return decided ? [phantom, cubes, decided] : [phantom, cubes]
}

/** Everything that is known so far, as Markdown. */
export async function ablationReport(options: AblationOptions, plan: AblationPlan): Promise<string> {
  const scores = await readScores(options, plan)
  const { cropShape, spacingMm } = ablationRecipe
  const cases = await readJudgedCases(options.storage)
  const tables = cases ? setsOf(scores, cases).map(setTable) : ['No run has been probed yet.']
  const [learn, judge] = plan.probePhantoms
  return [
    '# What each part of SMART does, at phantom scale',
    '',
    `${researchNotice}. Pretraining and the phantom nodules are synthetic. Made by \`npm run ablation\`; its further calls go on with what is missing and write this page anew.`,
    '',
    `Preset demo; ${plan.steps} updates of ${plan.batch} crops (${cropShape.join(' × ')} voxels of ${spacingMm[0]} mm) in the lungs of \`phantom:train\` in two views, the same crops for every way of pretraining; learning rate ${plan.learningRate}, up to ${plan.seeds} seeds. All masks hide the same number of tokens.`,
    '',
    `Judged by a logistic regression on the frozen student's features (mean stage-4 token and the token of the whole image): learnt on nodules of ${learn} training phantoms, judged on ${judge} validation phantoms; on the cubes by cross-validation, one nodule a patient. Its penalty is chosen on the labels that it learns from. A cell holds the area under the ROC curve, mean over the seeds with their range, then the difference from full SMART with a 95 % interval by bootstrap over the same patients. Size alone is the nodule's volume, which needs an outline but no label.`,
    '',
    tables.join('\n\n'),
    '',
    '### How the pretraining runs ended (mean over the last tenth)',
    '',
    await endingsTable(options, plan),
    '',
  ].join('\n')
}
