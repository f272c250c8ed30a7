// Patch embedding as WGSL programs, forward and backward. Formula and letters: patchEmbed.ts.
import gradText from '../../shaders/patchEmbedGrad.wgsl?raw'
import text from '../../shaders/patchEmbed.wgsl?raw'
import type { DeviceFacts, GpuKernel, Shape, TensorBinding } from './gpuKernel.ts'
import {
  bindEach,
  joinSlices,
  rowParts,
  rowsPerSlice,
  slicesOf,
  sliceScratch,
  type RowPart,
} from './rowParts.ts'
import { bindTensor, elementCount, flatStep, laneText, laneWidth, requireShape } from './stepParts.ts'

interface Patches {
  readonly batch: number
  readonly grid: readonly number[]
  readonly inputs: number
  readonly channels: number
  /** Blocks of a sample. */
  readonly blocks: number
}

/** @throws Error in a sentence when x is no grid, or the weight not of its channels. */
function patchesOf(x: Shape, weight: Shape): Patches {
  if (x.length !== 5)
    throw new Error(`patchEmbed: expected x of shape [B, D, H, W, Cin], got [${x.join(', ')}].`)
  const [batch, D, H, W, inputs] = x
  const channels = weight[1]
  requireShape('patchEmbed', 'a weight', weight, [8 * inputs, channels])
  const grid = [D, H, W]
  return { batch, grid, inputs, channels, blocks: elementCount(grid.map(side => Math.ceil(side / 2))) }
}

function embeddedShape({ batch, grid, channels }: Patches): number[] {
  return [batch, ...grid.map(side => Math.ceil(side / 2)), channels]
}

// All eight children at once, so that dy is read once for them.
function childrenText(): string {
  const children = [0, 1, 2, 3, 4, 5, 6, 7]
  const added = children.map(child => `sums.c${child} + dy * loadX(block, ${child}u, input)`)
  const writes = children.map(
    child => `weightSums[first + ${child}u * sizes.inputs * sizes.lanes] = sums.c${child};`,
  )
  return `
struct Children { ${children.map(child => `c${child}: Lane`).join(', ')} }
fn accumulate(sums: Children, dy: Lane, block: Block, input: u32) -> Children {
  return Children(${added.join(', ')});
}
fn writeChildren(sums: Children, first: u32) { ${writes.join(' ')} }
`
}

function program({ channels }: Patches, isGradient: boolean) {
  const width = laneWidth(channels)
  const own = laneText(width) + text + (isGradient ? childrenText() + gradText : '')
  return { key: `patchEmbed ${JSON.stringify({ width, isGradient })}`, code: own, width }
}

function uniformsOf({ grid, inputs, channels, blocks }: Patches, part: RowPart): Uint32Array<ArrayBuffer> {
  const lanes = channels / laneWidth(channels)
  const firstSlice = part.firstSample * slicesOf(blocks)
  return Uint32Array.of(part.samples, lanes, inputs, rowsPerSlice(blocks), ...grid, firstSlice)
}

/** Parts of whole samples, and how they and what is bound whole are bound. */
function binder({ batch, blocks }: Patches, [x, y]: readonly TensorBinding[], device: DeviceFacts) {
  const sampleFloats = (tensor: TensorBinding) => elementCount(tensor.shape.slice(1))
  const cutFloats = [x, y].map(sampleFloats).sort((a, b) => b - a)
  const parts = rowParts(batch, blocks, cutFloats, device, false)
  const bind = (
    part: RowPart,
    cut: Readonly<Record<number, TensorBinding>>,
    whole: Readonly<Record<number, TensorBinding>>,
  ) => ({
    ...bindEach(cut, tensor => {
      const floats = sampleFloats(tensor)
      return bindTensor(tensor, device, part.firstSample * floats, part.samples * floats)
    }),
    ...bindEach(whole, tensor => bindTensor(tensor, device)),
  })
  return { parts, bind }
}

/** x [B,D,H,W,Cin], weight [8·Cin, C] (rows: child 4·od + 2·oh + ow, input), bias [C] → [B,⌈D/2⌉,⌈H/2⌉,⌈W/2⌉,C]. */
export const patchEmbedKernel: GpuKernel = {
  name: 'PatchEmbed',
  inputs: ['x', 'weight', 'bias'],
  shapes([x, weight, bias]) {
    const patches = patchesOf(x!, weight!)
    requireShape('patchEmbed', 'a bias', bias, [patches.channels])
    return [embeddedShape(patches)]
  },
  steps({ inputs, outputs: [y] }, _, device) {
    const [x, weight, bias] = inputs as readonly TensorBinding[]
    const patches = patchesOf(x.shape, weight.shape)
    const { parts, bind } = binder(patches, [x, y], device)
    const { key, code, width } = program(patches, false)
    return parts.map(part =>
      flatStep({
        ...{ key, code, entryPoint: 'embed' },
        threads: (part.samples * patches.blocks * patches.channels) / width,
        uniforms: uniformsOf(patches, part),
        buffers: bind(part, { 1: x, 4: y }, { 2: weight, 3: bias }),
      }),
    )
  },
}

/** dx of x's shape, attribute `shape`. A kernel of its own: training asks for no gradient of the image. */
export const patchEmbedInputGradientKernel: GpuKernel = {
  name: 'PatchEmbedInputGradient',
  inputs: ['weight', 'dOutput'],
  shapes([weight, dOutput], { shape }) {
    const x = shape as readonly number[]
    requireShape('patchEmbedInputGradient', 'dOutput', dOutput, embeddedShape(patchesOf(x, weight!)))
    return [[...x]]
  },
  steps({ inputs, outputs: [dx] }, _, device) {
    const [weight, dOutput] = inputs as readonly TensorBinding[]
    const patches = patchesOf(dx.shape, weight.shape)
    const { parts, bind } = binder(patches, [dx, dOutput], device)
    const { key, code } = program(patches, true)
    return parts.map(part =>
      flatStep({
        ...{ key, code, entryPoint: 'differentiateInput' },
        threads: part.samples * elementCount(patches.grid) * patches.inputs,
        uniforms: uniformsOf(patches, part),
        buffers: bind(part, { 5: dOutput, 6: dx }, { 2: weight }),
      }),
    )
  },
}

/** dWeight and dBias; `weight` is asked for its shape alone. */
export const patchEmbedWeightGradientKernel: GpuKernel = {
  name: 'PatchEmbedWeightGradient',
  inputs: ['x', 'weight', 'dOutput'],
  shapes([x, weight, dOutput]) {
    const patches = patchesOf(x!, weight!)
    requireShape('patchEmbedWeightGradient', 'dOutput', dOutput, embeddedShape(patches))
    return [[...weight!], [patches.channels]]
  },
  scratch([x, weight]) {
    const { batch, blocks, channels } = patchesOf(x!, weight!)
    const slices = batch * slicesOf(blocks)
    return [...sliceScratch(slices, elementCount(weight!)), ...sliceScratch(slices, channels)]
  },
  steps({ inputs, outputs: [dWeight, dBias], scratch }, _, device) {
    const [x, weight, dOutput] = inputs as readonly TensorBinding[]
    const patches = patchesOf(x.shape, weight.shape)
    const { blocks, channels } = patches
    const { parts, bind } = binder(patches, [x, dOutput], device)
    const { key, code, width } = program(patches, true)
    const slices = patches.batch * slicesOf(blocks)
    const weights = joinSlices(scratch.slice(0, scratch.length / 2), dWeight, slices, device)
    const biases = joinSlices(scratch.slice(scratch.length / 2), dBias, slices, device)
    const sums = parts.map(part =>
      flatStep({
        ...{ key, code, entryPoint: 'differentiateParameters' },
        threads: (part.samples * slicesOf(blocks) * patches.inputs * channels) / width,
        uniforms: uniformsOf(patches, part),
        buffers: bind(part, { 1: x, 5: dOutput }, { 7: weights.sums, 8: biases.sums }),
      }),
    )
    return [...sums, ...weights.steps, ...biases.steps]
  },
}
