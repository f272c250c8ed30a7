// Everything that is measured, the most telling first: whoever adds a kernel adds its case to one of these lists.
import type { BenchCase, Scale } from './case.ts'
import { tokenCases } from './attention.ts'
import { layerCases } from './layers.ts'
import { networkCases } from './networks.ts'
import { pretrainingCases } from './pretraining.ts'
import { tileCases } from './tiles.ts'

/** What `--quick` has time for: cases whose names begin so. */
const brief = [
  /^window attention, .* of 12/,
  /^linear .*, forward$/,
  /^conv3d /,
  /^layer norm.*, forward$/,
  /^tiny /,
]

export function listCases(scale: Scale): BenchCase[] {
  const all = [tokenCases, layerCases, networkCases, pretrainingCases, tileCases].flatMap(cases =>
    cases(scale),
  )
  return scale.level === 'quick' ? all.filter(({ name }) => brief.some(start => start.test(name))) : all
}
