// Opening the models that the attention lab looks into: the installation's, one of the list, or the reader's own files.
import { InputError } from '../base/errors.ts'
import type { PointMm } from '../volume/geometry.ts'
import type { ModelSource } from '../worker/labProtocol.ts'
import type { StageProgress } from '../worker/protocol.ts'
import { toFailure } from './failure.ts'
import type { LabSlice } from './labSlice.ts'
import { isSameModel, MODEL_NAME } from './modelsSlice.ts'
import type { Services, SliceOf } from './store.ts'

type Api = Parameters<ReturnType<SliceOf<LabSlice>>>

/** Opening models: one at a time, a newer wish cancels the one under way. */
export function createModelOpening(
  services: Services,
  set: Api[0],
  get: Api[1],
  moveCrop: (centreRasMm: PointMm | undefined) => void,
): Pick<LabSlice, 'enterLab' | 'openLabModel' | 'replaceLabModel' | 'openLabFiles'> {
  const { compute } = services.workers
  let controller = new AbortController()
  const fail = (error: unknown) => {
    const failure = toFailure(error, 'Opening this model')
    set({ labModel: failure ? { kind: 'failed', failure } : { kind: 'none' } })
  }

  return {
    async enterLab() {
      if (get().labModel.kind !== 'none') return
      if (get().models === null) void get().listModels()
      const { labSource: source } = get()
      set({ labModel: { kind: 'opening', progress: OPENING } })
      const name = await labModelName(services)
      // Somebody may have chosen another one meanwhile.
      if (isSameModel(get().labSource, source) && get().labModel.kind === 'opening')
        await get().openLabModel({ kind: 'installed', name, baseUrl: services.baseUrl })
    },

    async openLabModel(source) {
      controller.abort()
      controller = new AbortController()
      const { signal } = controller
      const onProgress = (progress: StageProgress) => set({ labModel: { kind: 'opening', progress } })
      onProgress(OPENING)
      set({ labSource: source, labRole: 'student' })
      try {
        const model = await compute.run('openLabModel', { source }, { signal, onProgress })
        // A network that can reconstruct shows the most.
        const first = model.networks.findIndex(one => one.canReconstruct)
        set({ labModel: { kind: 'ready', model }, labNetwork: Math.max(0, first) })
        moveCrop(get().labCrop?.centreRasMm)
      } catch (error) {
        if (!signal.aborted) fail(error)
      }
    },

    replaceLabModel(after) {
      const { labModel, mode } = get()
      if (after && labModel.kind !== 'none') return void get().openLabModel(after)
      controller.abort()
      set({ labSource: after ?? shippedSource(services), labModel: { kind: 'none' } })
      if (mode === 'explore') void get().enterLab()
    },

    async openLabFiles(files, names) {
      const pick = (ending: string) => files[names.findIndex(name => name.toLowerCase().endsWith(ending))]
      const [manifest, weights] = [pick('.json'), pick('.safetensors')]
      if (!manifest || !weights)
        return fail(
          new InputError(
            `${names.join(', ') || 'Nothing'} came, but a model's model.json and its .safetensors file are expected. Choose both together.`,
          ),
        )
      await get().openLabModel({ kind: 'files', key: `${Date.now()}`, manifest, weights })
    },
  }
}

const OPENING: StageProgress = { stage: 'Opening the model', done: 0, total: 1 }

/** Of public/models/index.json; an installation without one has the shipped model. */
async function labModelName(services: Services): Promise<string> {
  try {
    const index = JSON.parse(await (await services.fetchFile('models/index.json')).text()) as { lab: string }
    return String(index.lab)
  } catch {
    return MODEL_NAME
  }
}

/** What the lab looks into before the installation has named another. */
export const shippedSource = ({ baseUrl }: Services): ModelSource => ({
  ...{ kind: 'installed', name: MODEL_NAME, baseUrl },
})
