// The blocks of a card's markdown: as much of it as cards use; everything else is a paragraph.

export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'table'; readonly rows: readonly (readonly string[])[] }

const cellsOf = (line: string) =>
  line
    .replace(/^\s*\||\|\s*$/g, '')
    .split('|')
    .map(cell => cell.trim())

const isRule = (line: string) => /^\s*\|?[\s:|-]+\|?\s*$/.test(line) && line.includes('-')

type LineKind = 'heading' | 'fence' | 'list' | 'table' | 'empty' | 'text'

function kindOf(line: string): LineKind {
  if (line.trim() === '') return 'empty'
  if (/^#{1,6} /.test(line)) return 'heading'
  if (line.startsWith('```')) return 'fence'
  if (/^\s*[-*] /.test(line)) return 'list'
  return line.trimStart().startsWith('|') ? 'table' : 'text'
}

export function markdownBlocks(text: string): Block[] {
  const lines = text.split(/\r?\n/)
  const blocks: Block[] = []
  for (let at = 0; at < lines.length;) {
    const kind = kindOf(lines[at])
    let end = at + 1
    if (kind === 'fence') {
      while (end < lines.length && !lines[end].startsWith('```')) end++
      blocks.push({ kind: 'code', text: lines.slice(at + 1, end).join('\n') })
      at = end + 1
      continue
    }
    if (kind === 'list' || kind === 'table' || kind === 'text')
      while (end < lines.length && kindOf(lines[end]) === kind) end++
    const block = blockOf(kind, lines.slice(at, end))
    if (block) blocks.push(block)
    at = end
  }
  return blocks
}

function blockOf(kind: LineKind, lines: readonly string[]): Block | undefined {
  if (kind === 'heading') {
    const [marks] = lines[0].split(' ')
    return { kind, level: marks.length, text: lines[0].slice(marks.length + 1) }
  }
  if (kind === 'list') return { kind, items: lines.map(line => line.replace(/^\s*[-*] /, '')) }
  if (kind === 'table') return { kind, rows: lines.filter(line => !isRule(line)).map(cellsOf) }
  return kind === 'text' ? { kind: 'paragraph', text: lines.join(' ') } : undefined
}
