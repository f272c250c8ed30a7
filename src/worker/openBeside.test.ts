import { describe, expect, it } from 'vitest'
import { makeNifti } from '../volume/testNifti.ts'
import { volumeHandlers } from './volumeTasks.ts'

const context = { signal: new AbortController().signal, report: () => undefined }
const picked = (path: string, bytes: Uint8Array) => ({
  path,
  file: new Blob([bytes as Uint8Array<ArrayBuffer>]),
})

describe('a scan beside the open one', () => {
  it('is the largest series of the files, and the open scan’s own files are still held', async () => {
    const open = await volumeHandlers.list(
      { files: [picked('open.nii', makeNifti({ shape: [3, 4, 5] }))] },
      context,
    )
    for (let i = 0; i < 3; i++) {
      const files = [
        picked('small.nii', makeNifti({ shape: [3, 4, 5] })),
        picked('large.nii', makeNifti({ shape: [6, 8, 10] })),
      ]
      const { result } = await volumeHandlers.openBeside({ kind: 'files', files }, context)
      expect(result.readableSeries).toBe(2)
      expect([...result.volume.shape].sort((a, b) => a - b)).toEqual([6, 8, 10])
    }
    const { listingId, series } = open.result
    const input = { listingId, seriesId: series[0].id, previewVoxels: 1000, synthetic: false }
    const again = await volumeHandlers.open(input, context)
    expect(again.result.series.volume.hu).toHaveLength(60)
  })

  it('is refused in a sentence where the files hold none', async () => {
    const files = [picked('notes.txt', new TextEncoder().encode('no scan'))]
    await expect(volumeHandlers.openBeside({ kind: 'files', files }, context)).rejects.toThrow(
      /notes.txt is a text file, not a scan; .* Choose the folder or file/,
    )
  })
})
