// A dispatch whose buffers hold elements otherwise than its program says: as halves, or in several pieces where a value
// is larger than the device binds at once. The program is rewritten so that accesses become calls (wgslAccess.ts), and
// the functions called know how the elements lie.
import { DeviceMemoryError } from '../../base/errors.ts'
import type { ComputeStep } from '../../kernels/gpuProgram.ts'
import { halfLayout, halfLibrary, plainLayout, type ElementLayout, type HalfFormat } from './halfText.ts'
import {
  dropDeclaration,
  readDeclarations,
  rewriteAccesses,
  stripComments,
  type Declaration,
  type Use,
} from './wgslAccess.ts'

export type StorageFormat = 'single' | HalfFormat

/** What a dispatch binds at one of its numbers: real bytes, and how the elements lie in them. */
export interface StoredBinding extends Required<GPUBufferBinding> {
  readonly buffer: GPUBuffer
  readonly format: StorageFormat
}

export type BindingLimits = Pick<
  GPUSupportedLimits,
  'maxStorageBufferBindingSize' | 'minStorageBufferOffsetAlignment' | 'maxStorageBuffersPerShaderStage'
>

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b)

interface Cut {
  readonly declaration: Declaration
  readonly layout: ElementLayout
  /** Numbers of the bindings of all pieces. */
  readonly bindings: readonly number[]
  /** Units of a piece, the last of which may have fewer. */
  readonly units: number
}

/** Units that one binding may hold, so that the next piece begin where a binding may. */
function unitsPerPiece({ unitBytes }: ElementLayout, limits: BindingLimits): number {
  const { maxStorageBufferBindingSize: most, minStorageBufferOffsetAlignment: alignment } = limits
  const together = alignment / greatestCommonDivisor(alignment, unitBytes)
  return Math.floor(most / unitBytes / together) * together
}

const pieceName = (name: string, piece: number) => (piece === 0 ? name : `${name}_${piece}`)

/** The functions that stand for accesses to one binding, and its declarations. */
function accessText({ declaration, layout, bindings, units }: Cut, { isRead, isWritten }: Use): string {
  const { name, element, isWritable } = declaration
  const declarations = bindings.map(
    (binding, piece) =>
      `@group(0) @binding(${binding}) var<storage, ${isWritable ? 'read_write' : 'read'}> ${pieceName(name, piece)}: array<${layout.unit}>;`,
  )
  const isWhole = bindings.length === 1
  // The piece is found by comparison from the last on; what lies outside is clamped in the last, as in a whole buffer.
  const choose = (statement: (piece: string, at: string) => string) =>
    [...bindings.keys()]
      .reverse()
      .map(piece => {
        const text = statement(pieceName(name, piece), piece === 0 ? 'unit' : `unit - ${piece * units}u`)
        return piece === 0 ? `  ${text}` : `  if (unit >= ${piece * units}u) { ${text} }`
      })
      .join('\n')
  const text = [...declarations]
  if (isRead) {
    if (!isWhole)
      text.push(
        `fn piece_${name}(unit: u32) -> ${layout.unit} {\n${choose((piece, at) => `return ${piece}[${at}];`)}\n}`,
      )
    const raw = (unit: string) => (isWhole ? `${name}[${unit}]` : `piece_${name}(${unit})`)
    text.push(`fn load_${name}(i: u32) -> ${element} { return ${layout.read(raw)}; }`)
  }
  if (isWritten) {
    if (!isWhole)
      text.push(
        `fn keep_${name}(unit: u32, value: ${layout.unit}) {\n${choose((piece, at) => `${piece}[${at}] = value; return;`)}\n}`,
      )
    const put = (unit: string, value: string) =>
      isWhole ? `${name}[${unit}] = ${value};` : `keep_${name}(${unit}, ${value});`
    text.push(`fn store_${name}(i: u32, value: ${element}) { ${layout.write(put)} }`)
  }
  return text.join('\n')
}

function rewriteCode(
  code: string,
  cuts: ReadonlyMap<number, Cut>,
  formats: ReadonlySet<StorageFormat>,
): string {
  const names = [...cuts.values()].map(cut => cut.declaration.name)
  const rewritten = rewriteAccesses(stripComments(code), names)
  let text = rewritten.code
  for (const binding of cuts.keys()) text = dropDeclaration(text, binding)
  const access = [...cuts.values()].map(cut => accessText(cut, rewritten.uses.get(cut.declaration.name)!))
  const half = [...formats].find(format => format !== 'single')
  return [half === 'f16' ? 'enable f16;' : '', text, half ? halfLibrary[half] : '', ...access].join('\n')
}

/**
 * The dispatch on `stored`, which has an entry for each binding of the step.
 * @throws Error where the program's accesses cannot be rewritten; DeviceMemoryError where pieces are more than can be bound.
 */
export function storedStep(
  step: ComputeStep,
  stored: ReadonlyMap<number, StoredBinding>,
  limits: BindingLimits,
): ComputeStep {
  const most = limits.maxStorageBufferBindingSize
  const changed = [...stored].filter(([, { format, size }]) => format !== 'single' || size > most)
  const bind = ({ buffer, offset, size }: StoredBinding): GPUBufferBinding => ({ buffer, offset, size })
  const buffers = Object.fromEntries([...stored].map(([number, binding]) => [number, bind(binding)]))
  if (changed.length === 0) return { ...step, buffers }
  const declarations = readDeclarations(stripComments(step.code))
  let free = Math.max(...declarations.keys()) + 1
  const cuts = new Map<number, Cut>()
  for (const [number, { buffer, offset, size, format }] of changed) {
    const declaration = declarations.get(number)
    if (!declaration)
      throw new Error(`The program '${step.key}' does not declare its binding ${number} as an array.`)
    const layout = format === 'single' ? plainLayout(declaration) : halfLayout(declaration, format)
    const units = unitsPerPiece(layout, limits)
    const bytes = units * layout.unitBytes
    const count = Math.max(1, Math.ceil(size / bytes))
    const bindings = Array.from({ length: count }, (_, piece) => (piece === 0 ? number : free++))
    bindings.forEach((binding, piece) => {
      const begin = piece * bytes
      buffers[binding] = { buffer, offset: offset + begin, size: Math.min(bytes, size - begin) }
    })
    cuts.set(number, { declaration, layout, bindings, units })
  }
  if (Object.keys(buffers).length > limits.maxStorageBuffersPerShaderStage)
    throw new DeviceMemoryError(
      `A step would bind ${Object.keys(buffers).length} pieces of at most ${most} bytes, but this device binds at most ${limits.maxStorageBuffersPerShaderStage}; compute smaller tiles or fewer samples at once.`,
    )
  const key = [...cuts].map(([number, { bindings, units }]) => {
    const pieces = bindings.length > 1 ? ` ${bindings.length}×${units}` : ''
    return `${number} ${stored.get(number)!.format}${pieces}`
  })
  const formats = new Set(changed.map(([, { format }]) => format))
  const code = rewriteCode(step.code, cuts, formats)
  return { ...step, key: `${step.key} | ${key.join(', ')}`, code, buffers }
}

/**
 * Why a binding's elements cannot be halves; undefined where they can.
 * What is read through a binding that is written too is a running result, which keeps its digits.
 */
export function reasonAgainstHalves(code: string, binding: number): string | undefined {
  const text = stripComments(code)
  const declaration = readDeclarations(text).get(binding)
  if (!declaration) return 'a program does not declare it as an array'
  try {
    halfLayout(declaration, 'packed')
    const use = rewriteAccesses(text, [declaration.name]).uses.get(declaration.name)!
    return declaration.isWritable && use.isRead ? 'a program reads what it wrote' : undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
