// One CT slice in fifteen transfer syntaxes (../shared/data/dicom-variants): every lossless one decodes to the same HU as
// the plain one, the lossy ones within the errors that ../shared/data/README.md states; the others are refused by name.
import { beforeAll, describe, expect, it } from 'vitest'
import { isMissing, openReal, realFiles, refusalOf } from '../testScans.ts'
import type { OpenedSeries } from '../volume.ts'

const folder = 'dicom-variants'
const file = (name: string) => `${folder}/CTImage.dcm_${name}.dcm`

describe.skipIf(isMissing(folder))('transfer syntaxes (../shared/data/dicom-variants)', () => {
  let plain: OpenedSeries

  beforeAll(async () => {
    plain = await openReal(file('LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1'))
  })

  function largestError(series: OpenedSeries): number {
    let largest = 0
    series.volume.hu.forEach((hu, i) => (largest = Math.max(largest, Math.abs(hu - plain.volume.hu[i]))))
    return largest
  }

  it('hold a CT slice with its padding, stored as −2000, found', () => {
    expect(plain.modality).toBe('CT')
    expect(plain.hu.min).toBe(-1024)
    expect(plain.hu.max).toBeGreaterThan(500)
    expect(plain.paddedVoxels).toBeGreaterThan(10_000)
  })

  it.each([
    ['CTImage.dcm', `${folder}/CTImage.dcm`],
    ['implicit VR', file('LittleEndianImplicitTransferSyntax_1.2.840.10008.1.2')],
    ['big endian', file('BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2')],
    ['deflated', file('DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99')],
    ['RLE', file('RLELosslessTransferSyntax_1.2.840.10008.1.2.5')],
    ['JPEG lossless, any predictor (.57)', file('JPEGProcess14TransferSyntax_1.2.840.10008.1.2.4.57')],
    ['JPEG lossless, first predictor (.70)', file('JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70')],
    ['JPEG-LS lossless (.80)', file('JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80')],
    ['JPEG 2000 lossless (.90)', file('JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90')],
  ])('%s decodes to the same HU, place and padding', async (_, name) => {
    const series = await openReal(name)
    expect(largestError(series)).toBe(0)
    expect(series.paddedVoxels).toBe(plain.paddedVoxels)
    expect(series.volume.affine).toEqual(plain.volume.affine)
  })

  it.each([
    ['JPEG-LS near-lossless (.81)', file('JPEGLSLossyTransferSyntax_1.2.840.10008.1.2.4.81'), 1],
    ['JPEG 2000 (.91)', file('JPEG2000TransferSyntax_1.2.840.10008.1.2.4.91'), 5],
    ['JPEG extended (.51)', file('JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51'), 36],
    ['JPEG progressive spectral (.53)', file('JPEGProcess6_8TransferSyntax_1.2.840.10008.1.2.4.53'), 36],
    ['JPEG progressive full (.55)', file('JPEGProcess10_12TransferSyntax_1.2.840.10008.1.2.4.55'), 36],
    ['JPEG baseline, 8 bit (.50)', file('JPEGProcess1TransferSyntax_1.2.840.10008.1.2.4.50'), 64],
  ])('%s stays within the stated error', async (_, name, errorHu) => {
    const series = await openReal(name)
    const largest = largestError(series)
    expect(largest).toBeLessThanOrEqual(errorHu)
    // Lossy indeed: the file was not taken for the lossless one.
    expect(largest).toBeGreaterThan(0)
    expect(series.volume.affine).toEqual(plain.volume.affine)
  })

  it.each([
    ['no-pixel-data.dcm', /is a structured report and holds no pixel data; a CT image series is expected/],
    ['no-pixel-spacing.dcm', /is an ultrasound image \(modality US\), not CT/],
    [
      'CT0012.fragmented_no_bot_jpeg_baseline.51.dcm',
      /map derived from CT \(PERFUSION\), not Hounsfield units/,
    ],
  ])('%s is refused for what it is', async (name, sentence) => {
    expect(await refusalOf(await realFiles(`${folder}/${name}`))).toMatch(sentence)
  })

  it('opens the folder: copies of one slice are left out, the rest is named', async () => {
    const series = await openReal(folder)
    expect(series.fileGrid.shape[0]).toBe(1)
    expect(series.warnings.join(' ')).toMatch(
      /of the files are copies|position that another slice already has/,
    )
  })
})
