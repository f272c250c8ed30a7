// The kinds of mask by name, and which method hides tokens that way.
import type { MaskKind } from '../../insight/masks.ts'

export const MASK_NAMES: Readonly<Record<MaskKind, { name: string; from: string }>> = {
  attention: { name: 'Attention-guided', from: 'SMART' },
  'low-attention': { name: 'Low attention', from: 'MST' },
  random: { name: 'Random', from: 'single tokens' },
  cube: { name: 'Random cubes', from: 'SMIT, 16³ voxels' },
  block: { name: 'Blocks', from: 'iBOT' },
}
