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
const token = /<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<[?!][^>]*>|<(\/?)([^\s/>]+)[^>]*?(\/?)>/g
const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/**
 * The root element of a text.
 * @throws InputError, naming the file, when its elements do not close each other.
 */
export function parseXml(text: string, name: string): XmlElement {
  const broken = () =>
    new InputError(`${name} is not complete XML: its elements do not close. Copy or download it again.`)
  const root: Building = { name: '', children: [], text: '' }
  const open = [root]
  let at = 0
  for (const match of text.matchAll(token)) {
    const inside = open[open.length - 1]
    inside.text += unescape(text.slice(at, match.index))
    at = match.index + match[0].length
    const [, characters, closing, tag, empty] = match
    if (characters !== undefined) inside.text += characters
    if (tag === undefined) continue
    const element = { name: tag.slice(tag.indexOf(':') + 1), children: [], text: '' }
    if (!closing) {
      open.push(element)
      if (open.length > maxDepth) throw broken()
    } else if (open.length === 1 || element.name !== inside.name) throw broken()
    if (closing || empty) {
      const done = open.pop()!
      open[open.length - 1].children.push({ ...done, text: done.text.trim() })
    }
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
