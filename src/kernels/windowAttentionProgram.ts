// The WGSL programs of window attention and token masking: text by variant, dispatch and uniforms from shapes.
import attentionSource from '../../shaders/windowAttention.wgsl?raw'
import registersSource from '../../shaders/windowAttentionRegisters.wgsl?raw'
import sharedSource from '../../shaders/windowAttentionShared.wgsl?raw'
import maskSource from '../../shaders/maskTokens.wgsl?raw'
import type { Triple } from '../base/shape.ts'
import type { Program } from './webgpuPass.ts'
import { layoutWindows, type WindowAttributes } from './windowLayout.ts'

/** "registers" wins on SwiftShader, where barriers are dear; "shared" reads keys once a workgroup. */
export type AttentionVariant = 'registers' | 'shared'

const workgroup = 64
/** WebGPU's guaranteed most workgroups along an axis. */
const mostGroups = 65_535
/** Half of the guaranteed 16 KiB of workgroup memory for keys, half for values. */
const tileBytes = 7_936

/** Workgroups on two axes for `count` of them. */
function dispatchFor(count: number): [number, number, number] {
  const x = Math.min(count, mostGroups)
  return [x, Math.ceil(count / x), 1]
}

function fill(source: string, constants: Readonly<Record<string, number>>): string {
  return Object.entries(constants).reduce(
    (text, [name, value]) => text.replaceAll(name, String(value)),
    source,
  )
}

/** Program over qkv [B,d,h,w,3C], qkvBias, biasTable → y [B,d,h,w,C]. */
export function windowAttentionProgram(
  qkvShape: readonly number[],
  attributes: WindowAttributes,
  variant: AttentionVariant,
): Program {
  const [B, d, h, w, C3] = qkvShape
  const { heads, window: tableWindow, reverse } = attributes
  const headWidth = C3 / (3 * heads)
  const grid: Triple = [d, h, w]
  const { window, shift, windows, tokens } = layoutWindows(grid, attributes)
  const counts = grid.map((size, axis) => Math.ceil(size / window[axis]))
  const keys = Math.max(1, Math.min(64, Math.floor(tileBytes / (4 * headWidth))))
  const constants = { HEAD_WIDTH: headWidth, WORKGROUP: workgroup, KEYS: keys }
  const count =
    variant === 'shared' ? B * windows * heads : Math.ceil((B * windows * heads * tokens) / workgroup)
  return {
    key: `windowAttention ${variant} e=${headWidth}`,
    code: fill(attentionSource + (variant === 'shared' ? sharedSource : registersSource), constants),
    workgroups: dispatchFor(count),
    uniforms: Uint32Array.of(
      ...grid,
      B,
      ...counts,
      heads,
      ...window,
      tableWindow,
      ...shift,
      reverse === 'exact' ? 1 : 0,
    ),
  }
}

/** Program over x [B,d,h,w,C], token [C], mask [B,d,h,w] → y. */
export function maskTokensProgram(shape: readonly number[]): Program {
  const elements = shape.reduce((product, size) => product * size, 1)
  return {
    key: 'maskTokens',
    code: fill(maskSource, { WORKGROUP: workgroup }),
    workgroups: dispatchFor(Math.ceil(elements / workgroup)),
    uniforms: Uint32Array.of(elements, shape[4]),
  }
}
