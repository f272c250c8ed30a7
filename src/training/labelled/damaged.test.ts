// Masks and tables damaged at random, with fixed seeds: the good case beside them stays, the damaged one is a case or a
// sentence, and nothing hangs.
import { expect, it } from 'vitest'
import { InputError } from '../../base/errors.ts'
import { makeSeries, upwards } from '../../volume/dicom/testDicom.ts'
import { contourFile, placeInSlice, segFile } from '../../volume/dicom/testMasks.ts'
import { memoryFile, seededRandom } from '../../volume/testScans.ts'
import { openLabelledCohort } from './openCohort.ts'
import { mask, pair, smallBall, text } from './testFiles.ts'

const square = [
  [0, 0],
  [0, 3],
  [2, 3],
  [2, 0],
].map(([row, column]) => placeInSlice(1, row, column))
// Nearly every byte of the file itself matters; the comment is where a hit does nothing.
const reading = `<LidcReadMessage><!--${' '.repeat(1000)}--><ResponseHeader><SeriesInstanceUid>1.2.3</SeriesInstanceUid></ResponseHeader><readingSession><unblindedReadNodule><noduleID>1</noduleID><characteristics><malignancy>4</malignancy></characteristics><roi><imageSOP_UID>1.2.3.4.s.1</imageSOP_UID><inclusion>TRUE</inclusion>${[
  [0, 0],
  [2, 0],
  [2, 2],
  [0, 2],
]
  .map(([x, y]) => `<edgeMap><xCoord>${x}</xCoord><yCoord>${y}</yCoord></edgeMap>`)
  .join('')}</roi></unblindedReadNodule></readingSession></LidcReadMessage>`

it.each([
  [
    'seg.dcm',
    segFile('seg.dcm', {
      names: ['Tumor'],
      frames: [{ segment: 1, positionLpsMm: upwards(1), pixels: Array(12).fill(1) }],
    }),
  ],
  ['rt.dcm', contourFile('rt.dcm', [{ name: 'GTV', outlines: [{ points: square }] }])],
  ['read.xml', text('read.xml', reading)],
  ['B_mask.nii', mask('B_mask.nii', [smallBall])],
  ['labels.csv', text('labels.csv', 'id,label,coordX,coordY,coordZ\n"B",1,-8,-7,6\nB2,0,,,\n')],
])('%s, hit at random 60 times, never takes the others with it', async (name, file) => {
  const random = seededRandom(name.length)
  const bytes = await file.bytes()
  const beside = name.endsWith('.dcm') || name.endsWith('.xml') ? makeSeries(3) : pair('B', 2).slice(0, 1)
  let used = 0
  for (let i = 0; i < 60; i++) {
    const copy = bytes.slice()
    const hits = 1 + Math.floor(3 * random())
    for (let hit = 0; hit < hits; hit++) copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256)
    const cut = random() < 0.2 ? copy.subarray(0, Math.floor(random() * copy.length)) : copy
    try {
      const cohort = await openLabelledCohort([...pair('A', 1), ...beside, memoryFile(name, cut)])
      expect(cohort.cases.some(({ id }) => id === 'A')).toBe(true)
      for (const { why } of cohort.leftOut) expect(why).not.toMatch(/undefined|\[object|NaN/)
      used += Number(cohort.cases.length > 1)
    } catch (error) {
      // A table alone may refuse everything: its labels cannot be told apart.
      if (!(error instanceof InputError) || name !== 'labels.csv') throw error
    }
  }
  expect(used).toBeGreaterThan(0)
})
