import { describe, expect, it } from 'vitest'
import type { Grid, Triple } from '../base/shape.ts'
import { insideness, voxelsInside } from './testChest.ts'
import { classifyTexture } from './texture.ts'

/** A ball of radius `r` in lung (−860 HU) with an inner ball, both blurred by partial volume over `edgeMm`. */
function scene(
  spacingMm: Triple,
  r: number,
  shellHu: number,
  innerR: number,
  innerHu: number,
  edgeMm: number,
) {
  const [d, h, w] = spacingMm
  const shape: Triple = [Math.ceil(40 / d), Math.ceil(40 / h), Math.ceil(40 / w)]
  const grid: Grid = { shape, spacingMm, affine: [w, 0, 0, -20, 0, h, 0, -20, 0, 0, d, -20, 0, 0, 0, 1] }
  const hu = new Int16Array(shape[0] * shape[1] * shape[2])
  const blend = (radius: number, at: number) => Math.min(1, Math.max(0, (radius - at) / edgeMm + 0.5))
  for (let i = 0; i < hu.length; i++) {
    const x = (i % shape[2]) * w - 20
    const y = (Math.floor(i / shape[2]) % shape[1]) * h - 20
    const z = Math.floor(i / (shape[1] * shape[2])) * d - 20
    const at = r * insideness([x, y, z], { centreRasMm: [0, 0, 0], radiiMm: [r, r, r] })
    const shell = -860 + (shellHu + 860) * blend(r, at)
    hu[i] = Math.round(innerR > 0 ? shell + (innerHu - shellHu) * blend(innerR, at) : shell)
  }
  return { grid, hu, voxels: voxelsInside(grid, { centreRasMm: [0, 0, 0], radiiMm: [r, r, r] }) }
}

describe('classifyTexture', () => {
  const thin: Triple = [1, 0.7, 0.7]
  const thick: Triple = [2.5, 0.7, 0.7]

  it.each([
    ['solid', 'thin', thin, 6, 20, 0, 0, 1],
    ['solid', 'thick slices, soft edge', thick, 6, 20, 0, 0, 3],
    ['solid', 'small in thick slices', thick, 2.5, 20, 0, 0, 2.5],
    ['ground-glass', 'thin', thin, 8, -600, 0, 0, 1],
    ['ground-glass', 'small', thick, 3, -600, 0, 0, 2],
    ['part-solid', 'a third solid', thin, 9, -600, 5.5, 20, 1],
    ['solid', 'with a cavity', thin, 9, 20, 3, -950, 1],
  ] as const)('calls it %s: %s', (texture, _, spacing, r, shell, innerR, inner, edge) => {
    const { voxels, grid, hu } = scene(spacing, r, shell, innerR, inner, edge)
    expect(classifyTexture(voxels, grid, hu)).toBe(texture)
  })
})
