// What the researcher takes away from the lab: maps on the scan's own grid, and the tokens' numbers as a table. Each file says
// what it is and what it follows from; none says whose scan it is.
import { attentionSpread, describeSpread } from '../insight/attentionSpread.ts'
import { maskKinds, makeMask } from '../insight/masks.ts'
import { rankColumn, tokenTable, type Column } from '../insight/exportTables.ts'
import type { AttentionResult } from '../worker/labProtocol.ts'
import type { VolumeTasks } from '../worker/protocol.ts'
import { mapOf } from './attentionSlice.ts'
import { toFailure } from './failure.ts'
import type { Failure } from './failure.ts'
import type { Services, SliceOf, Workbench } from './store.ts'

type CellsInput = VolumeTasks['writeCells']['input']

export interface LabExportSlice {
  readonly labExportFailure: Failure | null
  saveAttentionMap(): Promise<void>
  saveMaskMap(): Promise<void>
  saveReconstruction(): Promise<void>
  saveTokenTable(): void
  saveErrorTable(): void
  savePicture(name: string, png: Blob): void
}

/** What a file of the lab follows from, a sentence a line. */
export function describeLab(state: Workbench, { query, crop, identity, satt }: AttentionResult): string[] {
  const { labModel, openCase, masks } = state
  const model = labModel.kind === 'ready' ? `${labModel.model.name} ${labModel.model.version}` : 'unknown'
  const noise = query.dropout
    ? `patch dropout ${query.dropout.ratio}, seed ${query.dropout.seed}`
    : 'clean image'
  const centre = crop.centreRasMm.map(mm => mm.toFixed(2)).join(', ')
  return [
    `Model ${model}, SHA-256 ${identity}`,
    `Network ${query.task}, ${query.role}, ${noise}`,
    `Region of ${crop.shape.join(' x ')} voxels (D, H, W) of ${crop.spacingMm.join(' x ')} mm, centre RAS ${centre} mm`,
    `Attention, mean over heads: ${describeSpread(attentionSpread(satt))}`,
    `Masks r = ${masks.ratio}, s = ${masks.hint}, seed ${masks.seed}: 0 visible, 1 hidden, 2 hint`,
    ...(openCase?.series.synthetic ? ['SYNTHETIC data: no patient'] : []),
  ]
}

const headName = (head: number) => (head === 0 ? 'mean' : `head-${head}`)

function attentionColumns(result: AttentionResult, { masks }: Workbench): Column[] {
  const heads = Array.from({ length: result.heads }, (_, index) => ({
    name: `attention_head_${index + 1}`,
    values: mapOf(result, index + 1),
    digits: 7,
  }))
  const codes = maskKinds.map(kind => ({
    name: `mask_${kind.replace('-', '_')}`,
    values: makeMask(kind, result.satt, result.grid, masks).codes,
  }))
  return [
    { name: 'attention_mean', values: result.satt, digits: 7 },
    rankColumn('rank', result.satt),
    ...heads,
    ...codes,
  ]
}

const NOTHING = { labExportFailure: null }

type Api = Parameters<ReturnType<SliceOf<LabExportSlice>>>

/** What all files have in common: where they lie on the scan, and what they say of themselves. */
function createSavers({ held, workers, saveFile }: Services, set: Api[0], get: Api[1]) {
  function openVolume() {
    const { openCase } = get()
    return openCase ? held.scan(openCase.id)?.series : undefined
  }

  /** A grid that fills the region, written over the scan's own grid in the file's order of axes. */
  async function saveCells(
    name: string,
    what: string,
    cells: Omit<CellsInput, 'scan' | 'fileGrid' | 'description'>,
  ) {
    const series = openVolume()
    if (!series) return
    set(NOTHING)
    try {
      const { shape, spacingMm, affine } = series.volume
      const synthetic = series.synthetic ? ' SYNTHETIC' : ''
      const description = `Research use - not for clinical use. ${what}${synthetic}`
      const scan = { shape, spacingMm, affine }
      const input = { ...cells, scan, fileGrid: series.fileGrid, description }
      const bytes = (await workers.volume.run('writeCells', input)) as Uint8Array<ArrayBuffer>
      saveFile(name, new Blob([bytes], { type: 'application/gzip' }))
    } catch (error) {
      set({ labExportFailure: toFailure(error, 'Writing this file') ?? null })
    }
  }

  function saveTable(
    name: string,
    result: AttentionResult,
    columns: readonly Column[],
    more: readonly string[],
  ) {
    const series = openVolume()
    if (!series) return
    const remarks = [...describeLab(get(), result), ...more]
    const text = tokenTable(series.volume, result.crop, result.grid, remarks, columns)
    saveFile(name, new Blob([text], { type: 'text/csv' }))
  }

  return { saveCells, saveTable }
}

export const createLabExportSlice: SliceOf<LabExportSlice> = services => (set, get) => {
  const { held, saveFile } = services
  const { saveCells, saveTable } = createSavers(services, set, get)

  return {
    ...NOTHING,

    async saveAttentionMap() {
      const result = held.attention()
      if (!result) return
      const { head } = get()
      const values = mapOf(result, head)
      await saveCells(`attention-${headName(head)}.nii.gz`, `Attention, ${headName(head)}.`, {
        ...{ kind: 'map', values, cells: result.grid, crop: result.crop },
      })
    },

    async saveMaskMap() {
      const result = held.attention()
      if (!result) return
      const { maskKind, masks } = get()
      const { codes } = makeMask(maskKind, result.satt, result.grid, masks)
      await saveCells(`mask-${maskKind}.nii.gz`, `1 hidden, 2 hint.`, {
        ...{ kind: 'codes', values: codes, cells: result.grid, crop: result.crop },
      })
    },

    async saveReconstruction() {
      const result = held.reconstruction()
      const { labModel, labNetwork } = get()
      if (!result || labModel.kind !== 'ready') return
      const { huWindow, outputRange } = labModel.model.networks[labNetwork]
      const [from, to] = outputRange
      const slope = (huWindow[1] - huWindow[0]) / (to - from)
      const values = result.prediction.map(value => huWindow[0] + (value - from) * slope)
      await saveCells('reconstruction.nii.gz', 'Reconstructed HU.', {
        ...{ kind: 'hu', values, cells: result.crop.shape, crop: result.crop },
      })
    },

    savePicture: (name, png) => saveFile(name, png),

    saveTokenTable() {
      const result = held.attention()
      if (result) saveTable('attention-tokens.csv', result, attentionColumns(result, get()), [])
    },

    saveErrorTable() {
      const [attention, result] = [held.attention(), held.reconstruction()]
      if (!attention || !result) return
      const columns = [
        { name: 'mask', values: result.codes },
        { name: 'mean_absolute_error', values: result.tokenL1, digits: 7 },
      ]
      saveTable('reconstruction-tokens.csv', attention, columns, [
        `Mask ${result.maskKind}, r = ${result.masks.ratio}, s = ${result.masks.hint}, seed ${result.masks.seed}`,
        `Masked L1 ${result.maskedL1}, visible L1 ${result.visibleL1}, in the network's input range`,
      ])
    },
  }
}
