// What the reader takes away: findings with the verdicts, and the segmentation on the scan's own grid.
import type { SliceOf } from './store.ts'

export interface ExportSlice {
  saveFindings(): void
  saveSegmentation(): Promise<void>
}

export const createExportSlice: SliceOf<ExportSlice> = services => (_set, get) => ({
  saveFindings() {
    const { prediction, verdicts, readerLabels } = get()
    if (prediction.kind !== 'done') return
    const { file } = prediction.summary
    const findings = file.findings.map(one => {
      const verdict = verdicts[one.id] ?? null
      // A label stands for an accepted finding only.
      const readerLabel = (verdict === 'accepted' && readerLabels[one.id]) || null
      return { ...one, verdict, readerLabel }
    })
    const text = JSON.stringify({ ...file, findings }, null, 2)
    services.saveFile('findings.json', new Blob([text], { type: 'application/json' }))
  },

  async saveSegmentation() {
    const { prediction, openCase } = get()
    if (prediction.kind !== 'done' || !openCase) return
    const arrays = services.held.prediction(openCase.id)
    if (!arrays) return
    const { fileGrid, shape } = openCase.series
    // 79 characters are all that the format has room for.
    const { notice, model } = prediction.summary.file
    const about = openCase.series.synthetic ? 'SYNTHETIC; not for clinical use' : notice
    const description = `${about}; ${model.sha256.slice(0, 12)} ${model.name} ${model.version}`
    const input = { labels: arrays.labels, shape, fileGrid, description }
    const bytes = await services.workers.volume.run('writeSegmentation', input)
    services.saveFile(
      'segmentation.nii.gz',
      new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'application/gzip' }),
    )
  },
})
