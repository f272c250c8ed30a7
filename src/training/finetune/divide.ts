// How cases are divided: by patient, by seed, classes spread evenly. Indices into a crop set everywhere.
import { InputError } from '../../base/errors.ts'
import { Random } from '../../phantom/random.ts'
import type { CropCase } from '../labelled/cropSet.ts'
import type { FinetuneSettings, FinetuneTask } from './settings.ts'

/** Share of the training patients that early stopping watches. */
const watchedShare = 0.2
const streams = { folds: 7201, watched: 7202, share: 7203, penalty: 7204 } as const

/** One model that is trained: on what, what ends it early, what it is judged on. */
export interface Division {
  readonly train: readonly number[]
  /** Watched at the end of each epoch; empty where nothing ends the training early. */
  readonly watched: readonly number[]
  /** Judged once, when the training has ended; empty for the kept model of folds. */
  readonly held: readonly number[]
}

export interface Divided {
  /** The folds, or the one division of a hold-out. */
  readonly folds: readonly Division[]
  /** The kept model on all cases; undefined where the hold-out's model is kept. */
  readonly final: Division | undefined
}

type Cases = readonly Pick<CropCase, 'patient' | 'label' | 'hasMask'>[]

/** Cases that the task can use. */
export function usableCases(cases: Cases, task: FinetuneTask): number[] {
  return cases.flatMap((one, at) => ((task === 'segment' ? one.hasMask : one.label !== null) ? [at] : []))
}

/** The class by which a patient is spread: the largest label among its cases. */
function strataOf(cases: Cases, picked: readonly number[], task: FinetuneTask): Map<number, number> {
  const strata = new Map<number, number>()
  for (const at of picked) {
    const { patient, label } = cases[at]
    strata.set(patient, Math.max(strata.get(patient) ?? 0, task === 'segment' ? 0 : (label ?? 0)))
  }
  return strata
}

/** Patients in a drawn order, class by class. */
function drawPatients(strata: ReadonlyMap<number, number>, random: Random): number[] {
  const drawn = random.shuffled(strata.keys())
  // Array.sort is stable: the drawn order stays within a class. The rarest label last first, as probes had it.
  return drawn.sort((a, b) => strata.get(b)! - strata.get(a)!)
}

/** Group (0-based) of each patient when they are dealt out in turn. */
function deal(patients: readonly number[], groups: number): Map<number, number> {
  return new Map(patients.map((patient, at) => [patient, at % groups]))
}

/** Part (0-based) of each of the picked cases, in their order: patients dealt out, classes spread evenly. */
export function dealPatients(
  cases: Cases,
  picked: readonly number[],
  parts: number,
  { seed, task }: Pick<FinetuneSettings, 'seed' | 'task'>,
): number[] {
  const patients = drawPatients(strataOf(cases, picked, task), new Random(seed, streams.penalty))
  const partOf = deal(patients, parts)
  return picked.map(at => partOf.get(cases[at].patient)!)
}

/** Cases of the first patients of each class: `share` of them, at least one and never all. */
function takeShare(
  cases: Cases,
  picked: readonly number[],
  share: number,
  task: FinetuneTask,
  random: Random,
): { readonly taken: number[]; readonly left: number[] } {
  const strata = strataOf(cases, picked, task)
  const patients = drawPatients(strata, random)
  const taken = new Set<number>()
  for (const stratum of new Set(strata.values())) {
    const ofClass = patients.filter(patient => strata.get(patient) === stratum)
    const count = Math.min(ofClass.length - 1, Math.max(1, Math.round(ofClass.length * share)))
    ofClass.slice(0, count).forEach(patient => taken.add(patient))
  }
  return {
    taken: picked.filter(at => taken.has(cases[at].patient)),
    left: picked.filter(at => !taken.has(cases[at].patient)),
  }
}

/** The first share of the cases of each class in an order that the seed draws, at least two: nested from share to share. */
function drawLabels(cases: Cases, picked: readonly number[], settings: FinetuneSettings): number[] {
  const { labelShare, seed, task } = settings
  if (labelShare >= 1) return [...picked]
  const order = new Random(seed, streams.share).shuffled(picked)
  const classOf = (at: number) => (task === 'segment' ? 0 : cases[at].label!)
  const kept = new Set<number>()
  for (const label of new Set(order.map(classOf))) {
    const ofClass = order.filter(at => classOf(at) === label)
    ofClass.slice(0, Math.max(2, Math.round(ofClass.length * labelShare))).forEach(at => kept.add(at))
  }
  return picked.filter(at => kept.has(at))
}

function divideTraining(
  cases: Cases,
  train: readonly number[],
  held: readonly number[],
  part: number,
  settings: FinetuneSettings,
): Division {
  const labelled = drawLabels(cases, train, settings)
  if (settings.patience === null || settings.method === 'probe') return { train: labelled, watched: [], held }
  const random = new Random(settings.seed, streams.watched + 100 * (part + 1))
  const { taken, left } = takeShare(cases, labelled, watchedShare, settings.task, random)
  return { train: left, watched: taken, held }
}

function holdOut(cases: Cases, usable: readonly number[], settings: FinetuneSettings): Divided {
  const { validation: kind, seed, task } = settings
  if (kind.kind !== 'holdout') throw new Error('holdOut: the settings ask for folds.')
  const random = new Random(seed, streams.folds)
  const { taken: held, left } = takeShare(cases, usable, kind.test, task, random)
  const share = kind.validation / Math.max(1e-6, 1 - kind.test)
  const { taken: watched, left: train } = takeShare(cases, left, share, task, random)
  return { folds: [{ train: drawLabels(cases, train, settings), watched, held }], final: undefined }
}

/**
 * The divisions of a run. In folds every usable case is held out once, and cases of one patient stay together.
 * @throws InputError when a part would have no case.
 */
export function divideCases(cases: Cases, settings: FinetuneSettings): Divided {
  const { validation: kind, seed, task } = settings
  const usable = usableCases(cases, task)
  const divided = kind.kind === 'holdout' ? holdOut(cases, usable, settings) : undefined
  if (divided) return requireParts(divided)
  const folds = kind.kind === 'folds' ? kind.folds : 1
  const strata = strataOf(cases, usable, task)
  const foldOf = deal(drawPatients(strata, new Random(seed, streams.folds)), folds)
  return requireParts({
    folds: Array.from({ length: folds }, (_, fold) => {
      const held = usable.filter(at => foldOf.get(cases[at].patient) === fold)
      const others = usable.filter(at => foldOf.get(cases[at].patient) !== fold)
      return divideTraining(cases, others, held, fold, settings)
    }),
    final: { train: drawLabels(cases, usable, settings), watched: [], held: [] },
  })
}

function requireParts(divided: Divided): Divided {
  if (divided.folds.some(({ train, held }) => train.length === 0 || held.length === 0))
    throw new InputError(
      'There are too few patients to divide the cases: a part of the validation would be empty. Use fewer folds, or give more cases.',
    )
  return divided
}

/** Balanced weights of the classes: mean 1 over the training cases; 1 each where nothing is balanced. */
export function classWeights(labels: readonly number[], classes: number, isBalanced: boolean): number[] {
  return Array.from({ length: classes }, (_, label) => {
    const count = labels.filter(one => one === label).length
    return isBalanced && count > 0 ? labels.length / (classes * count) : 1
  })
}

/** Cases in the order of one epoch: a permutation that follows from seed, part of the run and epoch. */
export function epochOrder(train: readonly number[], seed: number, part: number, epoch: number): number[] {
  return new Random(seed, 7300 + 10_000 * part + epoch).shuffled(train)
}
