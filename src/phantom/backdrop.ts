// Paints what fills a crop: air, couch, skin, fat, muscle, mediastinal fat, heart, abdomen and the lungs with their fissures.
import type { PhantomPlan } from './anatomy.ts'
import type { Canvas } from './cropGrid.ts'
import type { Fields } from './fields.ts'
import { field, fieldCount, sampleFields } from './fields.ts'
import { labelOf } from './labels.ts'
import { ramp } from './mathPortable.ts'

const skinHu = 5
const skinMm = 2.3
const firstLobe = labelOf['right upper lobe']

/** Fills the canvas' HU, lung share and labels. */
export function paintBackdrop(plan: PhantomPlan, canvas: Canvas): void {
  const { z, y, x } = canvas
  const fields = sampleFields(plan, z, y, x)
  const nodes = fields.x.count
  const line = new Float64Array(fieldCount * nodes)
  const painter = new RowPainter(plan, canvas, fields, line)
  for (let k = 0; k < z.count; k++)
    for (let j = 0; j < y.count; j++) {
      interpolateLine(fields, k, j, line)
      painter.paintRow(k, j)
    }
}

/** Bilinear in z and y: the lattice line [field][node] under one row of voxels. */
function interpolateLine(fields: Fields, k: number, j: number, line: Float64Array): void {
  const { x, y, z } = fields
  const fz = z.fraction[k]
  const fy = y.fraction[j]
  const nodes = x.count
  const o00 = (z.index[k] * y.count + y.index[j]) * nodes
  const o01 = o00 + nodes
  const o10 = o00 + y.count * nodes
  const o11 = o10 + nodes
  const w00 = (1 - fz) * (1 - fy)
  const w01 = (1 - fz) * fy
  const w10 = fz * (1 - fy)
  const w11 = fz * fy
  for (let f = 0; f < fieldCount; f++) {
    const values = fields.values[f]
    const start = f * nodes
    for (let i = 0; i < nodes; i++)
      line[start + i] =
        w00 * values[o00 + i] + w01 * values[o01 + i] + w10 * values[o10 + i] + w11 * values[o11 + i]
  }
}

/** Share of a voxel inside a surface at distance `d` for an edge `width` wide. */
function inside(d: number, width: number): number {
  const share = 0.5 - d / width
  return share <= 0 ? 0 : share >= 1 ? 1 : share
}

class RowPainter {
  private readonly nodes: number
  private cell = 0
  private fraction = 0
  private label = 0

  constructor(
    private readonly plan: PhantomPlan,
    private readonly canvas: Canvas,
    private readonly fields: Fields,
    private readonly line: Float64Array,
  ) {
    this.nodes = fields.x.count
  }

  private at(which: number): number {
    const o = which * this.nodes + this.cell
    return this.line[o] + (this.line[o + 1] - this.line[o]) * this.fraction
  }

  paintRow(k: number, j: number): void {
    const { canvas, plan } = this
    const { chest, scanner } = plan
    const edge = canvas.edgeMm
    const z = canvas.z.positions[k]
    const y = canvas.y.positions[j]
    const lungEdge = edge + scanner.breathingMm * ramp(chest.domeRightZ + 15 - z, 0, 25)
    const couch = chest.couch && y < -chest.bodyHalfDepth + 40
    let o = (k * canvas.y.count + j) * canvas.x.count
    for (let i = 0; i < canvas.x.count; i++, o++) {
      this.cell = this.fields.x.index[i]
      this.fraction = this.fields.x.fraction[i]
      const share = inside(this.at(field.lung), lungEdge)
      const x = canvas.x.positions[i]
      let hu = 0
      if (share < 1) {
        hu = this.tissueHu(z, edge)
        if (couch && this.label === 0) hu = this.couchHu(x, y, edge, hu)
      }
      if (share > 0) hu += (this.lungHu(x, edge) - hu) * share
      if (share >= 0.5) this.label = firstLobe + this.lobe(x)
      canvas.hu[o] = hu
      canvas.lung[o] = share
      canvas.labels[o] = this.label
    }
  }

  private lobe(x: number): number {
    if (x <= 0) return this.at(field.oblique) > 0 ? 3 : 4
    if (this.at(field.oblique) <= 0) return 2
    return this.at(field.horizontal) > 0 ? 0 : 1
  }

  /** Parenchyma, denser where a fissure (half a millimetre of pleura) crosses the voxel. */
  private lungHu(x: number, edge: number): number {
    const hu = this.at(field.lungHu)
    const oblique = this.at(field.oblique)
    let distance = Math.abs(oblique)
    if (x > 0 && oblique > 0) distance = Math.min(distance, Math.abs(this.at(field.horizontal)))
    if (distance >= edge) return hu
    return hu + this.plan.chest.fissureHu * Math.min(1, 0.7 / edge) * (1 - distance / edge)
  }

  /** Everything but lungs and couch; sets the label. */
  private tissueHu(z: number, edge: number): number {
    const body = this.at(field.body)
    this.label = 0
    if (body > 0.5 * edge) return -1000
    const { chest } = this.plan
    const texture = this.at(field.tissue)
    const fat = chest.hu.fat + 12 * texture
    const flesh = chest.hu.muscle + 9 * texture
    this.label = labelOf.body
    const muscle = inside(this.at(field.muscle), edge) * (1 - ramp(-texture, 0.38, 0.55))
    let hu = fat + (flesh - fat) * muscle
    const skin = 1 - inside(body + skinMm, edge)
    hu += (skinHu - hu) * skin
    const cage = inside(this.at(field.cage) + 1.5, edge)
    if (cage > 0) hu += (this.cavityHu(z, edge, fat, flesh, texture) - hu) * cage
    return hu + (-1000 - hu) * (1 - inside(body, edge))
  }

  private cavityHu(z: number, edge: number, fat: number, flesh: number, texture: number): number {
    const { chest } = this.plan
    const above = this.at(field.diaphragm)
    const heart = this.at(field.heart)
    if (above > -edge) {
      this.label = labelOf.mediastinum
      // Fat with nodes and connective tissue; denser high up, where less fat lies between the vessels.
      const node = ramp(texture, 0.05, 0.4) * 0.75 + 0.1
      let hu = fat + 5 + (flesh - fat) * node
      const share = inside(heart, edge)
      if (share > 0.5) this.label = labelOf.heart
      hu += (chest.hu.heart + 6 * texture - hu) * share
      const sac = inside(Math.abs(heart - 2.5) - 0.7, edge) * 0.6
      return hu + (flesh - hu) * sac * (1 - inside(above, edge)) + (flesh - hu) * inside(above, edge)
    }
    if (above > -3.2) return flesh
    const liver = inside(this.at(field.liver), edge)
    if (liver > 0.5) this.label = labelOf.liver
    const bowel = ramp(texture, 0, 0.2) * 0.9
    const base = fat + (25 - fat) * bowel * ramp(chest.domeLeftZ - z, 10, 40)
    return base + (chest.hu.liver + 7 * texture - base) * liver
  }

  /** A curved table under the back: a shell around foam. */
  private couchHu(x: number, y: number, edge: number, hu: number): number {
    const { chest } = this.plan
    const top = -chest.bodyHalfDepth - 3 + (x * x) / 900
    const depth = top - y
    if (Math.abs(x) > 215 || depth < -edge || depth > 13 + edge) return hu
    const shell = inside(Math.abs(depth - 6.5) - 6.5, edge)
    const foam = inside(Math.abs(depth - 6.5) - 5, edge)
    if (shell > 0.5) this.label = labelOf.couch
    const solid = -60 + (-850 + 60) * foam
    return hu + (solid - hu) * shell
  }
}
