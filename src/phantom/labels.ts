// The label volume's values. Written into truth.json with every phantom; a value never changes its meaning.

export const labelNames = [
  'outside',
  'body',
  'right upper lobe',
  'right middle lobe',
  'right lower lobe',
  'left upper lobe',
  'left lower lobe',
  'airways',
  'vessels',
  'heart',
  'aorta',
  'mediastinum',
  'oesophagus',
  'ribs',
  'spine',
  'sternum and clavicles',
  'scapulae',
  'liver',
  'spleen',
  'stomach',
  'kidneys',
  'nodule',
  'hard negative: perifissural lymph node',
  'hard negative: apical scar',
  'hard negative: atelectasis band',
  'hard negative: mucus plug',
  'hard negative: costochondral bump',
  'hard negative: pleural plaque',
  'couch',
] as const

export type LabelName = (typeof labelNames)[number]

/** The value of a label in the label volume. */
export const labelOf = Object.fromEntries(labelNames.map((name, value) => [name, value])) as Record<
  LabelName,
  number
>

export type Lobe = 'right upper' | 'right middle' | 'right lower' | 'left upper' | 'left lower'
export const lobes: readonly Lobe[] = [
  'right upper',
  'right middle',
  'right lower',
  'left upper',
  'left lower',
]
