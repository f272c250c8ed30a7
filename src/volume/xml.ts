// The part of XML that annotation files use: elements and text. Attributes, comments and declarations are skipped, no entity
// but the five of the language is ever expanded. Workers and Node have no DOMParser.
import { InputError } from '../base/errors.ts'

export interface XmlElement {
  /** Without its namespace prefix. */
  readonly name: string
  readonly children: readonly XmlElement[]
  /** Its own text, trimmed. */
  readonly text: string
}

interface Building {
  readonly name: string
  readonly children: XmlElement[]
  text: string
}

const maxDepth = 64
const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }
/** What is skipped, or kept as it stands, from its beginning to its end. */
const spans = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
  ['<!', '>'],
] as const

/**
 * The root element of a text.
 * @throws InputError, naming the file, when its elements do not close each other.
 */
export function parseXml(text: string, name: string): XmlElement {
  const broken = () =>
    new InputError(`${name} is not complete XML: its elements do not close. Copy or download it again.`)
  const root: Building = { name: '', children: [], text: '' }
  const open = [root]
  const close = () => {
    const done = open.pop()!
    open[open.length - 1].children.push({ ...done, text: done.text.trim() })
  }
  let at = 0
  for (;;) {
    const start = text.indexOf('<', at)
    const inside = open[open.length - 1]
    inside.text += unescape(text.slice(at, start < 0 ? undefined : start))
    if (start < 0) break
    const [first, last] = spans.find(([mark]) => text.startsWith(mark, start)) ?? ['<', '>']
    const end = text.indexOf(last, start + first.length)
    if (end < 0) throw broken() // at once: a file of nothing but beginnings is not searched again and again
    const content = text.slice(start + first.length, end)
    at = end + last.length
    if (first === '<![CDATA[') inside.text += content
    if (first !== '<') continue
    const tag = /^\/?([^\s/]+)/.exec(content)?.[1] ?? ''
    const local = tag.slice(tag.indexOf(':') + 1)
    if (content.startsWith('/')) {
      if (open.length === 1 || local !== inside.name) throw broken()
      close()
      continue
    }
    open.push({ name: local, children: [], text: '' })
    if (content.endsWith('/')) close()
    if (open.length > maxDepth) throw broken()
  }
  if (open.length !== 1 || root.children.length !== 1) throw broken()
  return root.children[0]
}

function unescape(text: string): string {
  return text.includes('&')
    ? text.replace(/&(\w+);/g, (whole, name: string) => entities[name] ?? whole)
    : text
}

export function childrenNamed(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter(child => child.name === name)
}

/** Text of the first child of that name; '' where there is none. */
export function textOf(element: XmlElement | undefined, name: string): string {
  return element?.children.find(child => child.name === name)?.text ?? ''
}
