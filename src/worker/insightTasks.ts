// Windows, heads and token features in the compute worker: opens the encoder that is meant, runs it, and says how far it is.
import { attentionBytes, attentionProgram, blocksOf, readAttention } from '../insight/blockAttention.ts'
import { HeadTally } from '../insight/headDiversity.ts'
import { readCrop } from '../insight/labCrop.ts'
import { requireEntry, type LabModel } from '../insight/labModel.ts'
import { spreadCrops } from '../insight/spreadCrops.ts'
import { paintTokens } from '../insight/tokenGrid.ts'
import { networkTasks } from '../network/model.ts'
import { toFileGrid, writeNifti } from '../volume/writeNifti.ts'
import { clusterTokens, readTokens } from './clusterTasks.ts'
import { labEncoder, nameOf, provenance } from './encoders.ts'
import type { EncoderChoice, EncoderSummary, InsightTasks } from './insightProtocol.ts'
import { beginStep, getLabModel } from './labTasks.ts'
import type { Handlers } from './serveTasks.ts'

/** All blocks of a crop come at once, so that stages and heads can be leafed through, up to this size. */
const mostBytesAtOnce = 64 * 2 ** 20
/** Crops that the figures of heads are taken over. */
const cropsOfHeads = 8

function listEncoders({ manifest }: LabModel): EncoderSummary[] {
  return networkTasks.flatMap(task => {
    const entry = manifest.networks[task]
    if (!entry) return []
    const { config, shape, spacingMm, teacher } = entry
    const roles = ['student', ...(teacher ? ['teacher'] : []), 'untrained'] as EncoderChoice['role'][]
    return roles.map(role => ({ task, role, depths: config.depths, heads: config.heads, shape, spacingMm }))
  })
}

export const insightHandlers: Handlers<InsightTasks> = {
  async listEncoders({ source }, context) {
    await beginStep(context, 'Opening the model')
    return { result: listEncoders(await getLabModel(source)) }
  },

  async attendWindows({ source, volume, crop, encoder: choice, wanted }, context) {
    await beginStep(context, 'Opening the model')
    const model = await getLabModel(source)
    const image = readCrop(volume, crop, requireEntry(model, choice.task))
    await beginStep(context, 'Computing the attention of the windows')
    const encoder = labEncoder(model, choice, crop.shape)
    const all = blocksOf(encoder.config)
    const blocks = attentionBytes(encoder, all) <= mostBytesAtOnce ? all : [wanted]
    const key = `windows ${nameOf(choice, crop.shape)} ${blocks.map(b => `${b.stage}.${b.block}`).join()}`
    const program = await model.program(key, () => attentionProgram(encoder, blocks))
    const read = readAttention(encoder, blocks, await program.run({ image }))
    const result = { ...provenance(model, choice, program), encoder: choice, crop, blocks: read }
    return { result, transfer: read.map(block => block.probabilities.buffer as ArrayBuffer) }
  },

  async judgeHeads({ source, encoder: choice, volume, crop }, context) {
    await beginStep(context, 'Opening the model')
    const model = await getLabModel(source)
    const entry = requireEntry(model, choice.task)
    const crops = crop ? [crop] : spreadCrops(volume, entry.shape, entry.spacingMm, cropsOfHeads)
    const encoder = labEncoder(model, choice, crops[0].shape)
    const blocks = blocksOf(encoder.config)
    const program = await model.program(`windows ${nameOf(choice, crops[0].shape)} all`, () =>
      attentionProgram(encoder, blocks),
    )
    const tally = new HeadTally(entry.spacingMm)
    for (const [i, one] of crops.entries()) {
      await beginStep(context, 'Measuring the heads', i, crops.length)
      const results = await program.run({ image: readCrop(volume, one, entry) })
      for (const block of readAttention(encoder, blocks, results)) tally.add(block)
    }
    const { spacingMm } = entry
    const figures = tally.figures()
    return { result: { ...provenance(model, choice, program), figures, crops: crops.length, spacingMm } }
  },

  readTokens,
  clusterTokens,

  async writeTokenMap({ values, tokens, scan, fileGrid, description, slope }, context) {
    await beginStep(context, 'Writing the file')
    const painted = toFileGrid(paintTokens(values, tokens, scan), scan.shape, fileGrid)
    const bytes = writeNifti(painted, fileGrid, { description, slope }) as Uint8Array<ArrayBuffer>
    return { result: bytes, transfer: [bytes.buffer] }
  },
}
