// Reads a WGSL program's storage bindings and turns each access to chosen ones into a call, `load_name(i)` or
// `store_name(i, value)`, so that the elements may lie in memory as the program does not know. Strict: whatever it does
// not understand throws, for a text that is rewritten wrongly would compute wrong numbers in silence.

/** A storage binding as a program declares it, aliases resolved. */
export interface Declaration {
  readonly name: string
  readonly isWritable: boolean
  /** Type of the array's elements. */
  readonly element: string
  /** Where the element is a structure. */
  readonly members?: readonly { readonly name: string; readonly type: string }[]
}

/** How a text uses a binding. */
export interface Use {
  readonly isRead: boolean
  readonly isWritten: boolean
}

interface Rewriting {
  readonly code: string
  readonly uses: ReadonlyMap<string, Use>
}

type Seen = Map<string, { isRead: boolean; isWritten: boolean }>

const declarationPattern =
  /@group\(0\)\s*@binding\((\d+)\)\s*var<storage(?:,\s*(read|read_write))?>\s*(\w+)\s*:\s*array<([^;]+)>\s*;/g

/** @throws Error for a comment that does not end with its line. */
export function stripComments(code: string): string {
  if (code.includes('/*')) throw new Error('A WGSL program with a block comment cannot be rewritten.')
  return code.replace(/\/\/[^\n]*/g, '')
}

/** Storage bindings by number. The text must be free of comments. */
export function readDeclarations(code: string): Map<number, Declaration> {
  const aliases = new Map(
    [...code.matchAll(/\balias\s+(\w+)\s*=\s*([^;]+);/g)].map(([, a, b]) => [a, b.trim()]),
  )
  const structs = new Map(
    [...code.matchAll(/\bstruct\s+(\w+)\s*\{([^}]*)\}/g)].map(([, name, body]) => [name, body] as const),
  )
  const resolve = (type: string): string => {
    const known = aliases.get(type.trim())
    return known === undefined ? type.trim() : resolve(known)
  }
  return new Map(
    [...code.matchAll(declarationPattern)].map(([, binding, access, name, type]) => {
      const element = resolve(type)
      const body = structs.get(element)
      const found = body && [...body.matchAll(/(\w+)\s*:\s*(\w+(?:<[^>]*>)?)/g)]
      const members = found && found.map(([, member, kind]) => ({ name: member, type: resolve(kind) }))
      const isWritable = access === 'read_write'
      return [Number(binding), { name, isWritable, element, ...(members && { members }) }] as const
    }),
  )
}

/** The text without the declaration of a storage binding. */
export function dropDeclaration(code: string, binding: number): string {
  return code.replace(declarationPattern, (whole, number) =>
    Number(number) === binding ? '' : (whole as string),
  )
}

const opening = '([{'
const closing = ')]}'

/** Where the bracket that opens at `at` is closed. */
function closeOf(text: string, at: number): number {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    if (opening.includes(text[i])) depth++
    else if (closing.includes(text[i]) && --depth === 0) return i
  }
  throw new Error('A WGSL program whose brackets do not close cannot be rewritten.')
}

/** Where a statement that began before `at` ends: its semicolon. */
function endOf(text: string, at: number): number {
  for (let i = at; i < text.length; i++) {
    if (text[i] === ';') return i
    if (opening.includes(text[i])) i = closeOf(text, i)
    else if (closing.includes(text[i])) break
  }
  throw new Error('A WGSL program that assigns outside a statement cannot be rewritten.')
}

const skipSpace = (text: string, at: number) => at + /^\s*/.exec(text.slice(at))![0].length

/** Behind the members and elements that are taken of the value that ends at `at`. */
function chainEnd(text: string, at: number): number {
  const next = skipSpace(text, at)
  if (text[next] === '[') return chainEnd(text, closeOf(text, next) + 1)
  const member = /^\.\s*\w+/.exec(text.slice(next))
  return member ? chainEnd(text, next + member[0].length) : next
}

const changes = /^(\+\+|--|([-+*/%&|^]|<<|>>)=)/

/** True where the `&` that ends `before` takes an address instead of joining two numbers. */
function isAddress(before: string): boolean {
  const text = before.trimEnd()
  return text.endsWith('&') && !/[\w)\]]\s*&$|&&$/.test(text)
}

class Body {
  private readonly pattern: RegExp

  constructor(
    names: readonly string[],
    private readonly seen: Seen,
  ) {
    this.pattern = new RegExp(`(?<![\\w.])(${names.join('|')})(?!\\w)`, 'g')
  }

  rewrite(text: string): string {
    let done = ''
    let at = 0
    for (const match of text.matchAll(this.pattern)) {
      if (match.index < at) continue
      const { code, end } = this.access(text, match.index, match[0])
      done += text.slice(at, match.index) + code
      at = end
    }
    return done + text.slice(at)
  }

  /** The call that stands for the access at `start`, and where the text goes on. */
  private access(text: string, start: number, name: string): { code: string; end: number } {
    const refuse = (what: string): never => {
      throw new Error(`A WGSL program that ${what} the buffer '${name}' cannot be rewritten.`)
    }
    const open = skipSpace(text, start + name.length)
    if (text[open] !== '[' || isAddress(text.slice(0, start))) refuse('takes the address or length of')
    const close = closeOf(text, open)
    const index = this.rewrite(text.slice(open + 1, close))
    const behind = skipSpace(text, close + 1)
    const last = chainEnd(text, close + 1)
    if (changes.test(text.slice(last))) refuse('changes an element in place in')
    const isAssigned = text[last] === '=' && text[last + 1] !== '='
    if (isAssigned && last !== behind) refuse('assigns a part of an element of')
    if (!isAssigned) {
      this.seen.get(name)!.isRead = true
      return { code: `load_${name}(u32(${index}))`, end: close + 1 }
    }
    this.seen.get(name)!.isWritten = true
    const end = endOf(text, last)
    return { code: `store_${name}(u32(${index}), ${this.rewrite(text.slice(last + 1, end)).trim()})`, end }
  }
}

const declares = (text: string, name: string) =>
  new RegExp(`\\b(let|var|const)\\s+${name}\\b|(?<![\\w.])${name}\\s*:`).test(text)

/** A name that the function gives to something of its own does not mean the buffer in it. */
function rewriteFunction(text: string, names: readonly string[], seen: Seen): string {
  const hidden = names.filter(name => declares(text, name))
  for (const name of hidden)
    if (new RegExp(`(?<![\\w.])${name}\\s*\\[`).test(text))
      throw new Error(`A WGSL function in which '${name}' is a buffer and a variable cannot be rewritten.`)
  const visible = names.filter(name => !hidden.includes(name))
  return visible.length === 0 ? text : new Body(visible, seen).rewrite(text)
}

/**
 * Replaces accesses to the buffers `names` in all functions of a text without comments.
 * @throws Error where a buffer is used in a way that no call can stand for.
 */
export function rewriteAccesses(code: string, names: readonly string[]): Rewriting {
  const uses = new Map(names.map(name => [name, { isRead: false, isWritten: false }]))
  let done = ''
  let at = 0
  for (const match of code.matchAll(/\bfn\s+\w+\s*(?=\()/g)) {
    const parameters = closeOf(code, match.index + match[0].length)
    const body = closeOf(code, code.indexOf('{', parameters))
    done += code.slice(at, match.index) + rewriteFunction(code.slice(match.index, body + 1), names, uses)
    at = body + 1
  }
  return { code: done + code.slice(at), uses }
}
