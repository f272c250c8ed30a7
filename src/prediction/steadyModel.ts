// A model that outlives its device. A GPU is believed only after it gave what the CPU gives for the same tile; one that has
// too little memory gets smaller tiles; one that is lost is opened again and the tile repeated; one that fails again is
// left for the CPU. It runs the programs that are faster there, on halves where those agree. `runtime.label` says where the
// model runs now.
import { DeviceMemoryError, InputError } from '../base/errors.ts'
import type { Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'
import type { Runtime } from '../graph/session.ts'
import { parseManifest, type ModelManifest, type NetworkEntry } from '../network/model.ts'
import { loadModel, type LoadedModel, type ModelFiles } from './loadModel.ts'
import type { ModelRuntime } from './openNetwork.ts'
import { rememberPrograms, tunePrograms, type ProgramMemory } from './tunePrograms.ts'

export interface ModelPlaces {
  /** A GPU, opened anew at each call; undefined where there is none worth using. */
  openGpu(): Promise<ModelRuntime | undefined>
  /** The CPU; `why` says for people why it is not the GPU. */
  openCpu(why: string): Runtime
  /** Where it is kept which programs a GPU runs faster. */
  readonly programMemory?: ProgramMemory
}

export interface SteadyModel extends LoadedModel {
  /** Where it runs now, as `PredictInput.runtime` takes it. */
  readonly runtime: { readonly label: string }
  readonly notices: readonly string[]
  takeEvents(): readonly string[]
}

// Measured with the shipped model on SwiftShader, in both families: single precision 1e-5. Values stored as halves, packed:
// 0.0022 in a tile with a nodule (where the probability is 0.36), 0.0005 for a crop; a device that truncates instead of
// rounding may double that. The limit holds for both: a model that needs more runs in single precision.
/** Largest difference between two devices' probabilities that is rounding. */
const largestDifference = 0.005
/** Sides of tiles are multiples of this (SPEC 2). */
const tileStep = 32
/** A GPU is opened again this often in the life of a model. */
const mostReopenings = 1

interface Place {
  readonly model: LoadedModel
  readonly label: string
  readonly isGpu: boolean
}

/** HU as a chest has them, in waves from air to soft tissue, normalised: the tile on which devices are compared. */
function comparisonTile({ shape, outputRange }: NetworkEntry): Float32Array {
  const [low, high] = outputRange
  return Float32Array.from({ length: voxelCount(shape) }, (_, i) => {
    const wave = 0.5 + 0.3 * Math.sin(i / 3) + 0.2 * Math.cos(i / 101)
    return low + (high - low) * Math.min(1, Math.max(0, wave))
  })
}

async function answersOf({ segment, classify, manifest }: LoadedModel): Promise<number[]> {
  const { networks } = manifest
  const voxels = segment && networks.segment ? await segment(comparisonTile(networks.segment)) : []
  const classes = classify && networks.classify ? await classify(comparisonTile(networks.classify)) : []
  return [...voxels, ...classes]
}

/** Largest difference between what two openings of one model answer; NaN when an answer is no number. */
async function disagreement(a: LoadedModel, b: LoadedModel): Promise<number> {
  const [left, right] = [await answersOf(a), await answersOf(b)]
  const differences = left.map((value, i) => Math.abs(value - right[i]))
  if (!differences.every(Number.isFinite)) return NaN
  return differences.reduce((largest, difference) => Math.max(largest, difference), 0)
}

/** The described tile, then smaller ones: halves, in steps that the network takes. */
function tileShapes({ networks }: ModelManifest): (Triple | undefined)[] {
  const described = networks.segment?.shape
  if (!described) return [undefined]
  const shapes: Triple[] = [described]
  while (Math.max(...shapes.at(-1)!) > tileStep) {
    const half = (side: number) => Math.max(tileStep, Math.ceil(side / 2 / tileStep) * tileStep)
    const [D, H, W] = shapes.at(-1)!
    shapes.push([half(D), half(H), half(W)])
  }
  return shapes
}

/** Opens with the first tile shape that the device can hold. @throws DeviceMemoryError when it can hold none. */
async function loadFitting(
  files: ModelFiles,
  runtime: ModelRuntime,
  shapes: readonly (Triple | undefined)[],
): Promise<LoadedModel> {
  const [tileShape, ...smaller] = shapes
  return loadModel(files, runtime, { tileShape }).catch((error: unknown) => {
    if (!(error instanceof DeviceMemoryError) || smaller.length === 0) throw error
    return loadFitting(files, runtime, smaller)
  })
}

class DisagreementError extends Error {}

/** @throws DisagreementError in a sentence when the GPU does not agree with the CPU. */
async function requireAgreement(opened: LoadedModel, files: ModelFiles, cpu: Runtime): Promise<void> {
  const reference = await loadModel(files, cpu, { tileShape: opened.manifest.networks.segment?.shape })
  const difference = await disagreement(opened, reference).finally(() => reference.release())
  if (difference <= largestDifference) return
  throw new DisagreementError(
    `for the same tile its probabilities differ from the CPU’s by ${difference.toFixed(3)}, where at most ${largestDifference} is rounding.`,
  )
}

/** The model on one of its places, and what there is to say about that. */
class Keeper {
  readonly notices: string[] = []
  events: string[] = []
  private reopenings = 0
  place!: Place

  constructor(
    private readonly files: ModelFiles,
    private readonly places: ModelPlaces,
  ) {}

  async open(): Promise<void> {
    const shapes = tileShapes(parseManifest(this.files.manifest))
    const gpu = await this.openGpu(shapes)
    this.place = gpu ?? (await this.openCpu(this.notices.length > 0 ? 'the GPU is not used' : 'no GPU found'))
    const used = this.place.model.manifest.networks.segment?.shape
    if (used && String(used) !== String(shapes[0]))
      this.notices.push(
        `The GPU cannot hold tiles of ${shapes[0]!.join(' × ')} voxels: tiles of ${used.join(' × ')} are used, which see less around each voxel.`,
      )
  }

  /** Runs `work` on the model, and again on another opening of it when the GPU fails or gives what is no number. */
  async run(work: (model: LoadedModel) => Promise<Float32Array>): Promise<Float32Array> {
    for (;;) {
      const { place } = this
      try {
        const result = await work(place.model)
        const isFinite = result.every(Number.isFinite)
        if (isFinite || !place.isGpu) return result
        throw new Error('The GPU gave a value that is no number.')
      } catch (error) {
        if (!place.isGpu) throw error
        await this.replace(place)
      }
    }
  }

  /** What takes over has the tile shape that the run was planned for. */
  private async replace({ model }: Place): Promise<void> {
    const shape = model.manifest.networks.segment?.shape
    await model.release().catch(() => undefined)
    const again = this.reopenings++ < mostReopenings ? await this.openGpu([shape]) : undefined
    this.place = again ?? (await this.openCpu('the GPU failed', shape))
    if (again) this.events.push('The GPU was lost and has been started again; the run went on where it was.')
    else this.notices.push('The GPU failed during a run, which went on where it was, on the CPU.')
  }

  private async openCpu(why: string, tileShape?: Triple): Promise<Place> {
    const runtime = this.places.openCpu(why)
    return { model: await loadModel(this.files, runtime, { tileShape }), label: runtime.label, isGpu: false }
  }

  /** The model on the programs that are faster, or in single precision where halves do not agree with the CPU. */
  private async openTuned(runtime: ModelRuntime, shapes: readonly (Triple | undefined)[]): Promise<Place> {
    if (runtime.kind !== 'plan') return this.openAgreeing(runtime, shapes)
    const { name, version, pipelineVersion } = parseManifest(this.files.manifest)
    const key = `${runtime.label} | ${name} ${version} | ${pipelineVersion}`
    const open = (on: ModelRuntime) => loadFitting(this.files, on, shapes)
    const memory = this.places.programMemory
    const tuned = await tunePrograms(runtime, key, open, answersOf, memory)
    const { tiles, storage, label } = tuned
    if (storage !== 'f16' || !tiles) return this.openAgreeing(tuned, shapes)
    const halves = { ...tuned, label: `${label}, values stored in 16 bits` }
    return this.openAgreeing(halves, shapes).catch(async (error: unknown) => {
      if (!(error instanceof DisagreementError)) throw error
      const single = { tiles, storage: 'f32' } as const
      await rememberPrograms(memory, key, single)
      return this.openAgreeing({ ...tuned, ...single }, shapes)
    })
  }

  /** @throws DisagreementError in a sentence when the GPU does not agree with the CPU. */
  private async openAgreeing(runtime: ModelRuntime, shapes: readonly (Triple | undefined)[]): Promise<Place> {
    const model = await loadFitting(this.files, runtime, shapes)
    try {
      await requireAgreement(model, this.files, this.places.openCpu('for comparison'))
      return { model, label: runtime.label, isGpu: true }
    } catch (error) {
      await model.release().catch(() => undefined)
      throw error
    }
  }

  /** Undefined, with a notice, where a GPU does not do what it should. */
  private async openGpu(shapes: readonly (Triple | undefined)[]): Promise<Place | undefined> {
    let runtime: ModelRuntime | undefined
    try {
      runtime = await this.places.openGpu()
      return runtime && (await this.openTuned(runtime, shapes))
    } catch (error) {
      if (error instanceof InputError) throw error
      const why = error instanceof Error ? error.message : String(error)
      this.notices.push(`The GPU${runtime ? ` (${runtime.label})` : ''} is not used: ${why}`)
      return undefined
    }
  }
}

/**
 * Opens a model where it can run: on a GPU that was compared with the CPU, or on the CPU.
 * @throws InputError when the files are damaged; Error when not even the CPU can run it.
 */
export async function openSteadyModel(files: ModelFiles, places: ModelPlaces): Promise<SteadyModel> {
  const keeper = new Keeper(files, places)
  await keeper.open()
  const { manifest, identity, segment, classify } = keeper.place.model
  return {
    manifest,
    identity,
    segment: segment && (tile => keeper.run(model => model.segment!(tile))),
    classify: classify && (crop => keeper.run(model => model.classify!(crop))),
    release: () => keeper.place.model.release(),
    notices: keeper.notices,
    takeEvents: () => keeper.events.splice(0),
    runtime: {
      get label() {
        return keeper.place.label
      },
    },
  }
}
