// Attention over all tokens as WGSL programs, forward and backward. Formulas and letters: denseAttention.ts.
import commonText from '../../shaders/denseAttention.wgsl?raw'
import forwardText from '../../shaders/denseAttentionForward.wgsl?raw'
import gradText from '../../shaders/denseAttentionGrad.wgsl?raw'
import registersText from '../../shaders/denseAttentionRegisters.wgsl?raw'
import sharedText from '../../shaders/denseAttentionShared.wgsl?raw'
import softmaxText from '../../shaders/lib/onlineSoftmax.wgsl?raw'
import type { DeviceFacts, GpuKernel, KernelAttributes, Shape, TensorBinding } from './gpuKernel.ts'
import { foldWorkgroups, type ComputeStep } from './gpuProgram.ts'
import { bindEach, bindPart, rowParts, type RowPart } from './rowParts.ts'
import { bindTensor, elementCount, requireShape } from './stepParts.ts'
import { attentionWorkgroup, keysPerTile, rowText } from './windowAttentionProgram.ts'

/** Attributes: how many heads, and whether the first row of the attention is wanted. */
interface Dense {
  readonly batch: number
  readonly tokens: number
  readonly width: number
  readonly heads: number
  readonly hasCls: boolean
}

/** @throws Error in a sentence when qkv does not hold whole heads of q, k and v. */
function denseOf(qkv: Shape, { heads, cls }: KernelAttributes): Dense {
  const isWhole = typeof heads === 'number' && Number.isInteger(heads) && heads > 0
  if (!isWhole || qkv.length !== 3 || qkv[2] % (3 * heads) !== 0)
    throw new Error(
      `denseAttention: expected qkv of shape [B, T, 3·${String(heads)}·e], got [${qkv.join(', ')}].`,
    )
  return { batch: qkv[0], tokens: qkv[1], width: qkv[2] / 3, heads, hasCls: cls === true }
}

/** What there is one of for each query: [B, heads, T]. */
const queryShape = ({ batch, heads, tokens }: Dense) => [batch, heads, tokens]
const outputShape = ({ batch, tokens, width }: Dense) => [batch, tokens, width]
const sattShape = ({ batch, tokens }: Dense) => [batch, tokens - 1]

function program({ width, heads, hasCls }: Dense, tiles: DeviceFacts['tiles'], isGradient: boolean) {
  const headWidth = width / heads
  const keys = tiles !== 'registers' ? keysPerTile(headWidth) : 0
  const cls = hasCls
    ? `@group(0) @binding(6) var<storage, read> dProbabilities: array<f32>; // [B, heads, T]
@group(0) @binding(7) var<storage, read> dSatt: array<f32>;                     // [B, T - 1]
fn clsGradient(place: Place, key: u32) -> f32 {
  let own = dProbabilities[statisticsNumber(place, key)];
  if (key == 0u) { return own; }
  return own + dSatt[(sizes.firstSample + place.sample) * (sizes.tokens - 1u) + key - 1u] / f32(sizes.heads);
}`
    : 'fn clsGradient(place: Place, key: u32) -> f32 { return 0.0; }'
  const text = [
    `const WORKGROUP = ${attentionWorkgroup}u;\nconst HEAD_WIDTH = ${headWidth}u;`,
    `const TILE = ${keys > 0 ? keys : attentionWorkgroup}u;`,
    rowText(headWidth),
    commonText,
    keys > 0 ? sharedText : registersText,
    ...(isGradient ? [cls, gradText] : [softmaxText, forwardText]),
  ]
  const variant = { headWidth, keys, isGradient, hasCls: isGradient && hasCls }
  return { key: `denseAttention ${JSON.stringify(variant)}`, code: text.join('\n') }
}

/** The passes of one thread a token and head, for a part of the batch. */
function partStep(
  dense: Dense,
  part: RowPart,
  pass: Pick<ComputeStep, 'key' | 'code' | 'entryPoint' | 'buffers'>,
  threadsOfSample?: number,
): ComputeStep {
  const { tokens, heads } = dense
  const workgroups = threadsOfSample
    ? Math.ceil((part.samples * threadsOfSample) / attentionWorkgroup)
    : part.samples * heads * Math.ceil(tokens / attentionWorkgroup)
  return {
    ...pass,
    workgroups: foldWorkgroups(workgroups),
    uniforms: Uint32Array.of(part.samples, tokens, heads, part.firstSample),
  }
}

/** Bindings of what is cut by samples, and of what is bound whole, being small. */
function binder({ batch, tokens, width }: Dense, device: DeviceFacts) {
  const parts = rowParts(batch, tokens, [3 * width * tokens, width * tokens], device, false)
  const bind = (
    part: RowPart,
    cut: Readonly<Record<number, TensorBinding>>,
    whole: Readonly<Record<number, TensorBinding | undefined>>,
  ) => ({
    ...bindEach(cut, tensor => bindPart(tensor, part, tokens, elementCount(tensor.shape.slice(2)), device)),
    ...bindEach(whole, tensor => bindTensor(tensor, device)),
  })
  return { parts, bind }
}

/**
 * qkv [B,T,3C], attributes `heads` and `cls` → y [B,T,C]; the logarithm of each softmax's sum [B,heads,T], for the gradient;
 * and with `cls` the attention of token 0 [B,heads,T] and its mean over heads without the first, SATT [B,T−1].
 */
export const denseAttentionKernel: GpuKernel = {
  name: 'DenseAttention',
  inputs: ['qkv'],
  shapes([qkv], attributes) {
    const dense = denseOf(qkv!, attributes)
    const cls = dense.hasCls ? [queryShape(dense), sattShape(dense)] : []
    return [outputShape(dense), queryShape(dense), ...cls]
  },
  steps({ inputs: [qkv], outputs: [y, logSums, probabilities, satt] }, attributes, device) {
    const dense = denseOf(qkv!.shape, attributes)
    const { parts, bind } = binder(dense, device)
    const own = program(dense, device.tiles, false)
    return parts.flatMap(part => {
      const buffers = bind(part, { 1: qkv!, 4: y }, { 2: logSums })
      const attend = partStep(dense, part, { ...own, entryPoint: 'attend', buffers })
      if (!dense.hasCls) return [attend]
      const fromCls = bind(part, { 1: qkv! }, { 2: logSums, 5: probabilities, 6: satt })
      const pass = { ...own, entryPoint: 'attendCls', buffers: fromCls }
      return [attend, partStep(dense, part, pass, dense.tokens)]
    })
  },
}

/** dQkv. The gradients of token 0's attention and of SATT are given where the forward had the attribute `cls`. */
export const denseAttentionGradientKernel: GpuKernel = {
  name: 'DenseAttentionGradient',
  inputs: ['qkv', 'logSums', 'dOutput', 'dProbabilities?', 'dSatt?'],
  shapes([qkv, logSums, dOutput, dProbabilities, dSatt], attributes) {
    const dense = denseOf(qkv!, attributes)
    requireShape('denseAttentionGradient', 'logSums', logSums, queryShape(dense))
    requireShape('denseAttentionGradient', 'dOutput', dOutput, outputShape(dense))
    if (dense.hasCls) {
      requireShape('denseAttentionGradient', 'dProbabilities', dProbabilities, queryShape(dense))
      requireShape('denseAttentionGradient', 'dSatt', dSatt, sattShape(dense))
    }
    return [[...qkv!]]
  },
  scratch: ([qkv], attributes) => [elementCount(queryShape(denseOf(qkv!, attributes)))],
  steps({ inputs, outputs: [dQkv], scratch: [means] }, attributes, device) {
    const [qkv, logSums, dOutput, dProbabilities, dSatt] = inputs
    const dense = denseOf(qkv!.shape, attributes)
    const { parts, bind } = binder(dense, device)
    const own = program(dense, device.tiles, true)
    const cls = dense.hasCls ? { 6: dProbabilities, 7: dSatt } : {}
    return parts.flatMap(part => {
      const buffers = bind(part, { 1: qkv!, 3: dOutput!, 4: dQkv }, { 2: logSums, 5: means, ...cls })
      return ['differentiateQueries', 'differentiateKeys'].map(entryPoint =>
        partStep(dense, part, { ...own, entryPoint, buffers }),
      )
    })
  },
}
