// Colours of findings, of the probability map and of attention, as the shader's palette and as CSS.

/**
 * Okabe and Ito's colour-blind-safe set, without its black and its yellow-on-white pair, then five that stand apart from it
 * in lightness; always used with the number.
 */
const FINDING_COLOURS: readonly (readonly [number, number, number])[] = [
  [86, 180, 233],
  [230, 159, 0],
  [0, 158, 115],
  [204, 121, 167],
  [240, 228, 66],
  [213, 94, 0],
  [148, 148, 255],
  [225, 225, 225],
  [140, 82, 40],
  [150, 220, 90],
  [255, 160, 170],
  [20, 90, 190],
]

/** Inferno at nine even steps (van der Walt and Smith, matplotlib). */
const INFERNO: readonly (readonly [number, number, number])[] = [
  [0, 0, 4],
  [31, 12, 72],
  [85, 15, 109],
  [136, 34, 106],
  [186, 54, 85],
  [227, 89, 51],
  [249, 140, 10],
  [249, 201, 50],
  [252, 255, 164],
]

/** Magma at nine even steps (van der Walt and Smith, matplotlib). */
const MAGMA: readonly (readonly [number, number, number])[] = [
  [0, 0, 4],
  [28, 16, 68],
  [79, 18, 123],
  [129, 37, 129],
  [181, 54, 122],
  [229, 80, 100],
  [251, 135, 97],
  [254, 194, 135],
  [252, 253, 191],
]

export function findingColour(index: number): readonly [number, number, number] {
  return FINDING_COLOURS[index % FINDING_COLOURS.length]
}

export function findingCss(index: number): string {
  return `rgb(${findingColour(index).join(' ')})`
}

type Rgb = readonly [number, number, number]

/** Of a labelled case: its true outline, and a model's; the pictures and charts of Train mode have the same. */
export const TRUTH_RGB: Rgb = [229, 181, 103]
export const PREDICTED_RGB: Rgb = [76, 195, 217]

/** 0…1 to a colour, by linear interpolation between even steps. */
function interpolate(steps: readonly Rgb[], value: number): Rgb {
  const at = Math.min(1, Math.max(0, value)) * (steps.length - 1)
  const low = Math.min(steps.length - 2, Math.floor(at))
  const mixed = steps[low].map((channel, i) => channel + (steps[low + 1][i] - channel) * (at - low))
  return [Math.round(mixed[0]), Math.round(mixed[1]), Math.round(mixed[2])]
}

/** 0…1 to inferno: probabilities. */
export const inferno = (value: number): Rgb => interpolate(INFERNO, value)

/** 0…1 to magma: attention. */
export const magma = (value: number): Rgb => interpolate(MAGMA, value)

/**
 * RGBA8, 256×3: row 0 is the label's colour (label n is finding n−1), alpha 0 where hidden; row 1 the probability map, row 2
 * attention.
 */
export function paletteTexels(hidden: ReadonlySet<number>): Uint8Array {
  const texels = new Uint8Array(256 * 3 * 4)
  for (let i = 0; i < 256; i++) {
    texels.set([...findingColour(Math.max(0, i - 1)), hidden.has(i) ? 0 : 255], i * 4)
    texels.set([...inferno(i / 255), 255], (256 + i) * 4)
    texels.set([...magma(i / 255), 255], (512 + i) * 4)
  }
  return texels
}
