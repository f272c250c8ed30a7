// What a reader chooses among, in the reader's words.
export const PRESETS = ['demo', 'tiny', 'small', 'base'] as const

export const MASKINGS = [
  { id: 'attention', name: 'By attention (SMART)' },
  { id: 'low-attention', name: 'By low attention (MST)' },
  { id: 'random', name: 'Random tokens' },
  { id: 'cube', name: 'Random cubes, 16³ voxels (SMIT)' },
  { id: 'block', name: 'Random boxes (iBOT)' },
  { id: 'none', name: 'None' },
] as const

export const SEMANTIC_STAGES = [
  { id: '1', name: 'Stage 1' },
  { id: '2', name: 'Stage 2' },
  { id: '3', name: 'Stage 3' },
  { id: '4', name: 'Stage 4' },
  { id: 'off', name: 'Off' },
] as const

export const LOSSES = [
  { id: 'amip', name: 'AMIP: the hidden image' },
  { id: 'ampd', name: 'AMPD: hidden patches' },
  { id: 'aitd', name: 'AITD: the attended image' },
  { id: 'gitd', name: 'GITD: the other view' },
] as const
