// Statistics of a grid from those of its tiles: mean and centred squares of parts are joined in two passes, so that no sum
// of squares is ever taken around zero, which single precision cannot afford over 32³ voxels.
import lastText from '../../shaders/combineMomentsLast.wgsl?raw'
import moreText from '../../shaders/combineMomentsMore.wgsl?raw'
import text from '../../shaders/combineMoments.wgsl?raw'
import { foldWorkgroups, type ComputeStep } from './gpuProgram.ts'

const workgroup = 64

/** Parts of a grid: `count` of them in each sample, `span` rows each (the last perhaps fewer) of `rows` in all. */
export interface MomentParts {
  readonly batch: number
  readonly rows: number
  readonly channels: number
  readonly span: number
}

const lanesOf = ({ channels }: MomentParts) => Math.ceil(channels / 4)
const countOf = ({ rows, span }: MomentParts) => Math.ceil(rows / span)

/** Floats of the parts' own moments, [batch, parts, lanes, 2] of vec4. */
export function momentFloats(parts: MomentParts): number {
  return parts.batch * countOf(parts) * lanesOf(parts) * 8
}

const joinedAtOnce = (parts: MomentParts) => Math.ceil(Math.sqrt(countOf(parts)))

/** Floats of the larger parts between the two passes. */
export function joinedMomentFloats(parts: MomentParts): number {
  return momentFloats({ ...parts, span: parts.span * joinedAtOnce(parts) })
}

function passStep(
  parts: MomentParts,
  joined: number,
  lastFirstSample: number | undefined,
  input: GPUBufferBinding,
  output: GPUBufferBinding,
): ComputeStep {
  const { batch, rows, channels, span } = parts
  const count = countOf(parts)
  const wholes = Math.ceil(count / joined)
  const isLast = lastFirstSample !== undefined
  return {
    key: `combineMoments ${isLast}`,
    code: `const WORKGROUP = ${workgroup}u;\nalias Out = ${isLast ? 'f32' : 'vec4<f32>'};\n${text}${isLast ? lastText : moreText}`,
    entryPoint: 'main',
    workgroups: foldWorkgroups(Math.ceil((batch * wholes * lanesOf(parts)) / workgroup)),
    uniforms: Uint32Array.of(batch, rows, count, span, joined, wholes, channels, lastFirstSample ?? 0),
    buffers: { 1: input, 2: output },
  }
}

/**
 * From `partial` over `joined` to `statistics` [all samples, 2, channels]: sums and centred sums of squares. The parts are
 * of samples `firstSample` and following ones.
 */
export function combineMomentsSteps(
  parts: MomentParts,
  firstSample: number,
  [partial, joined, statistics]: readonly GPUBufferBinding[],
): ComputeStep[] {
  const atOnce = joinedAtOnce(parts)
  const larger = { ...parts, span: parts.span * atOnce }
  return [
    passStep(parts, atOnce, undefined, partial, joined),
    passStep(larger, countOf(larger), firstSample, joined, statistics),
  ]
}
