// From a plan to voxels: any box at any spacing, without making the whole chest.
import type { Triple } from '../base/shape.ts'
import { voxelCount } from '../base/shape.ts'
import type { PhantomPlan } from './anatomy.ts'
import { paintBackdrop } from './backdrop.ts'
import type { Axis, Canvas, CropRequest } from './cropGrid.ts'
import { axisAround, createCanvas, subdivide } from './cropGrid.ts'
import {
  colouredNoise,
  convolveAxis,
  convolveRows,
  marginVoxels,
  noiseLevel,
  planeKernel,
  sliceKernel,
  streakHu,
} from './imaging.ts'
import { paintLayer } from './paint.ts'
import { paintNodule } from './paintNodule.ts'

/** A rendered box [D,H,W] in RAS memory order. */
export interface Crop {
  readonly hu: Int16Array
  /** 0, or the id of a nodule. */
  readonly instances: Uint8Array
  /** Index into `labelNames`. */
  readonly labels: Uint8Array
}

/**
 * Renders one box. Two boxes of the same spacing whose voxels coincide hold the same values there (whole chest included); voxels
 * off the multiples of the spacing get the same anatomy and other noise.
 */
export function renderCrop(plan: PhantomPlan, { centreRasMm, shape, spacingMm }: CropRequest): Crop {
  const [mz, my, mx] = marginVoxels
  const z = axisAround(centreRasMm[2], shape[0], spacingMm[0], mz)
  const y = axisAround(centreRasMm[1], shape[1], spacingMm[1], my)
  const x = axisAround(centreRasMm[0], shape[2], spacingMm[2], mx)
  // Slices much thicker than the pixels are wide are painted as three and averaged.
  const parts = spacingMm[0] > 1.5 * Math.max(spacingMm[1], spacingMm[2]) ? 3 : 1
  const canvas = createCanvas(subdivide(z, parts), y, x)
  paintBackdrop(plan, canvas)
  for (const layer of plan.layers) paintLayer(canvas, layer)
  plan.shapes.forEach((nodule, i) => paintNodule(canvas, nodule, plan.nodules[i].id))
  const blurred = blur(plan, canvas, z, parts)
  const noise = colouredNoise(plan.scanner, z, y, x)
  return cutOut(plan, { canvas, blurred, noise, z, y, x, parts }, shape)
}

function blur(plan: PhantomPlan, canvas: Canvas, z: Axis, parts: number): Float32Array {
  const { x, y } = canvas
  const plane = y.count * x.count
  let slices = canvas.hu
  if (parts > 1) {
    slices = new Float32Array(z.count * plane)
    for (let k = 0; k < z.count; k++)
      for (let i = 0; i < plane; i++) {
        let sum = 0
        for (let part = 0; part < parts; part++) sum += canvas.hu[(k * parts + part) * plane + i]
        slices[k * plane + i] = sum / parts
      }
  }
  const kernel = planeKernel(plan.scanner, x.spacingMm, canvas.edgeMm)
  const spare = new Float32Array(slices.length)
  const inPlane = convolveAxis(convolveRows(slices, spare, x.count, kernel), slices, y.count, x.count, kernel)
  const across = sliceKernel(plan.scanner, z.spacingMm)
  return across.length === 1 ? inPlane : convolveAxis(inPlane, spare, z.count, plane, across)
}

interface Layers {
  readonly canvas: Canvas
  readonly blurred: Float32Array
  readonly noise: Float32Array
  readonly z: Axis
  readonly y: Axis
  readonly x: Axis
  readonly parts: number
}

function cutOut(plan: PhantomPlan, { canvas, blurred, noise, z, y, x, parts }: Layers, shape: Triple): Crop {
  const [mz, my, mx] = marginVoxels
  const [D, H, W] = shape
  const crop = {
    hu: new Int16Array(voxelCount(shape)),
    instances: new Uint8Array(voxelCount(shape)),
    labels: new Uint8Array(voxelCount(shape)),
  }
  const hasStreaks = plan.scanner.streaks.length > 0
  let o = 0
  for (let d = 0; d < D; d++)
    for (let h = 0; h < H; h++) {
      const zMm = z.positions[d + mz]
      const yMm = y.positions[h + my]
      const level = noiseLevel(plan, zMm, yMm, Math.max(z.spacingMm, plan.scanner.spacingMm[0]), x.spacingMm)
      const row = ((d + mz) * y.count + h + my) * x.count + mx
      const middle = (((d + mz) * parts + (parts - 1) / 2) * y.count + h + my) * x.count + mx
      for (let w = 0; w < W; w++, o++) {
        let hu = blurred[row + w] + level * noise[row + w]
        if (hasStreaks) hu += streakHu(plan.scanner, x.positions[w + mx], yMm, zMm)
        hu = Math.floor(hu + 0.5)
        crop.hu[o] = hu < -1024 ? -1024 : hu > 3071 ? 3071 : hu
        crop.labels[o] = canvas.labels[middle + w]
        crop.instances[o] = canvas.instances[middle + w]
      }
    }
  return crop
}
