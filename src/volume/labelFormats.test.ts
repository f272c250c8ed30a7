// Tables, LIDC XML and masks on other grids, byte by byte.
import { describe, expect, it } from 'vitest'
import type { Grid } from '../base/shape.ts'
import { cellNumber, readCsv } from './csv.ts'
import { isLidcXml, readLidcXml } from './lidcXml.ts'
import { isSameGrid, resampleVoxels } from './maskGrid.ts'
import { fillEvenOdd, type Outline } from './outlines.ts'
import { parseXml } from './xml.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('tables', () => {
  const expected = {
    columns: ['id', 'label'],
    rows: [
      ['a', '1'],
      ['b', '2'],
    ],
  }
  it.each([
    ['commas', 'id,label\na,1\nb,2\n'],
    ['semicolons', 'id;label\na;1\nb;2'],
    ['tabs', 'id\tlabel\na\t1\nb\t2'],
    ['CRLF and empty lines', 'id,label\r\n\r\na,1\r\nb,2\r\n,\r\n'],
    ['old Mac line ends', 'id,label\ra,1\rb,2'],
    ['a byte order mark', '\ufeffid,label\na,1\nb,2'],
    ['a stated separator', 'sep=;\r\nid;label\r\na;1\r\nb;2'],
    ['quotes', '"id","label"\n"a",1\n"b","2"'],
  ])('with %s', (_, text) => {
    expect(readCsv(bytes(text), 't.csv')).toMatchObject(expected)
  })

  it('in UTF-16, and in Windows’ letters', () => {
    const utf16 = Uint8Array.from([
      0xff,
      0xfe,
      ...[...'id,label\na,1\nb,2'].flatMap(one => [one.charCodeAt(0), 0]),
    ])
    expect(readCsv(utf16, 't.csv')).toMatchObject(expected)
    expect(readCsv(Uint8Array.from([...bytes('id,l\na,'), 0xfc]), 't.csv').rows).toEqual([['a', 'ü']])
  })

  it('with separators, line ends and quotes inside of quotes; short and long rows', () => {
    expect(readCsv(bytes('id,note\na,"x, ""y""\nz"\nb\nc,1,2'), 't.csv').rows).toEqual([
      ['a', 'x, "y"\nz'],
      ['b', ''],
      ['c', '1'],
    ])
  })

  it('with decimal commas', () => {
    const table = readCsv(bytes('id;v\na;3,5'), 't.csv')
    expect(cellNumber(table.rows[0][1], table.hasDecimalComma)).toBe(3.5)
    expect([cellNumber('', false), cellNumber('3,5', false), cellNumber('4e1', false)]).toEqual([
      NaN,
      NaN,
      40,
    ])
  })

  it('are refused without columns, or with two of one name', () => {
    expect(() => readCsv(bytes('nothing'), 't.csv')).toThrow('t.csv has no columns that can be told apart')
    expect(() => readCsv(bytes('id,id\n1,2'), 't.csv')).toThrow('two columns called “id”')
  })
})

describe('XML', () => {
  it('gives elements and text, without comments, prefixes and attributes', () => {
    const root = parseXml(
      '<?xml version="1.0"?><!-- a --><n:r x="1>"><e/><t>a &lt;&amp;<![CDATA[<b>]]></t></n:r>',
      'x',
    )
    expect(root).toMatchObject({ name: 'r', children: [{ name: 'e' }, { name: 't', text: 'a <&<b>' }] })
  })
  it.each(['<a><b></a></b>', '<a>', 'text', '<a/><b/>', '</a>'])('refuses %s', text => {
    expect(() => parseXml(text, 'x.xml')).toThrow('x.xml is not complete XML')
  })
  it('is read in one pass however many brackets it opens', () => {
    const started = performance.now()
    for (const opening of ['<a>', '<!--', '<![CDATA[', '<a ', '<?x', '<a/>', '&'])
      expect(() => parseXml(opening.repeat(100_000), 'x.xml')).toThrow()
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

describe('LIDC XML', () => {
  const nodule = `<unblindedReadNodule><noduleID>N1</noduleID><characteristics><malignancy>4</malignancy></characteristics>
    <roi><imageSOP_UID>1.2</imageSOP_UID><inclusion>FALSE</inclusion><edgeMap><xCoord>3</xCoord><yCoord>7</yCoord></edgeMap></roi></unblindedReadNodule>`
  const file = (uid: string) =>
    `<LidcReadMessage xmlns="http://www.nih.gov"><ResponseHeader>${uid}</ResponseHeader><readingSession>${nodule}</readingSession><readingSession/></LidcReadMessage>`

  it('gives each reader’s nodules, ratings and outlines by slice', () => {
    const text = file('<SeriesInstanceUid>1.9</SeriesInstanceUid>')
    expect(isLidcXml(text)).toBe(true)
    expect(readLidcXml(text, 'x.xml')).toEqual({
      seriesInstanceUid: '1.9',
      studyInstanceUid: '',
      readers: [
        [
          {
            id: 'N1',
            malignancy: 4,
            outlines: [{ sopInstanceUid: '1.2', pixels: [[3, 7]], isInclusion: false }],
          },
        ],
        [],
      ],
    })
  })
  it('is refused without a series', () => {
    expect(() => readLidcXml(file(''), 'x.xml')).toThrow('x.xml does not say which CT series was read')
  })
})

describe('masks on grids', () => {
  const grid = (shape: Grid['shape'], mm: number, origin: number): Grid => ({
    shape,
    spacingMm: [mm, mm, mm],
    affine: [mm, 0, 0, origin, 0, mm, 0, origin, 0, 0, mm, origin, 0, 0, 0, 1],
  })

  it('are one grid when their corners are, whatever was rounded', () => {
    const a = grid([4, 4, 4], 1, 0)
    expect(isSameGrid(a, grid([4, 4, 4], 1.001, 0.01))).toBe(true)
    expect(isSameGrid(a, grid([4, 4, 4], 1, 0.5))).toBe(false)
    expect(isSameGrid(a, grid([4, 4, 5], 1, 0))).toBe(false)
  })

  it('keep what they cover from fine to coarse and from coarse to fine', () => {
    const [fine, coarse] = [grid([8, 8, 8], 1, 0), grid([4, 4, 4], 2, 0.5)]
    const eight = [0, 1, 8, 9, 64, 65, 72, 73] // the fine voxels of the first coarse one
    expect([...resampleVoxels(Int32Array.from(eight), fine, coarse)]).toEqual([0])
    expect([...resampleVoxels(Int32Array.of(0), coarse, fine)]).toEqual(eight)
    expect(resampleVoxels(Int32Array.of(0), grid([8, 8, 8], 1, 100), coarse)).toHaveLength(0)
    // Shifted by half a voxel along each axis: as many voxels as before.
    const block = [73, 74, 81, 82, 137, 138, 145, 146]
    expect(resampleVoxels(Int32Array.from(block), fine, grid([8, 8, 8], 1, 0.5))).toHaveLength(8)
  })

  it('are filled by the even-odd rule, each voxel once', () => {
    const filled = (outlines: Outline[]) => {
      const pixels: string[] = []
      fillEvenOdd(outlines, 6, 6, (row, column) => pixels.push(`${row}${column}`))
      return pixels
    }
    const square = (low: number, high: number): Outline => [
      [low, low],
      [high, low],
      [high, high],
      [low, high],
    ]
    expect(filled([square(0.5, 2.5)])).toEqual(['11', '12', '21', '22'])
    expect(filled([square(0.5, 3.5), square(1.5, 2.5)])).toHaveLength(8)
    // Edges on voxel centres: two squares that touch share no voxel and leave none out.
    expect(
      filled([square(1, 3)]).length +
        filled([
          [
            [3, 1],
            [5, 1],
            [5, 3],
            [3, 3],
          ],
        ]).length,
    ).toBe(8)
    expect(filled([square(-9, 99)])).toHaveLength(36)
  })
})
