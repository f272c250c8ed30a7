// A fused chain of element-wise operations: what it loads, through which views, and what it computes of it. Programs
// that map or reduce such a chain share the text made here.
import type { Attributes, Dtype } from '../graph.ts'
import { expressionLibrary, expressionText, literalText, storedAs, type Term } from './expressions.ts'
import type { View } from './view.ts'

/** Elements of a task's input number `input`, seen from the chain's shape. */
export interface Load {
  readonly input: number
  readonly view: View
  readonly dtype: Dtype
}

export type Instruction =
  | { readonly kind: 'load'; readonly load: number; readonly dtype: Dtype }
  | { readonly kind: 'literal'; readonly value: number; readonly dtype: Dtype }
  | {
      readonly kind: 'operation'
      readonly op: string
      readonly attributes: Attributes
      /** Numbers of earlier instructions. */
      readonly operands: readonly number[]
      readonly dtype: Dtype
    }

export interface Chain {
  readonly shape: readonly number[]
  readonly loads: readonly Load[]
  readonly instructions: readonly Instruction[]
}

/** Type aliases of lanes of one or four numbers. */
function laneTypes(width: 1 | 4): string {
  const type = (name: string) => (width === 4 ? `vec4<${name}>` : name)
  return `alias F = ${type('f32')};\nalias I = ${type('i32')};\nalias U = ${type('u32')};\nalias B = ${type('bool')};\n`
}

const libraryNames = /\b(flag|isNotNumber|isInfinite|expm1|log1p|errorFunction|power|boundedTanh)\(/

/** Declarations that a text of expressions needs before it. */
export function preludeText(width: 1 | 4, text: string): string {
  return laneTypes(width) + (libraryNames.test(text) ? expressionLibrary : '')
}

/** The lane's type name of a stored value. */
export const laneType = (dtype: Dtype): 'F' | 'I' => (storedAs(dtype) === 'float32' ? 'F' : 'I')

/** The scalar type in a buffer. */
export const scalarType = (dtype: Dtype): 'f32' | 'i32' => (storedAs(dtype) === 'float32' ? 'f32' : 'i32')

/** Statements `let v0 = …; let v1 = …;`, one an instruction; `loadText` gives a load's expression. */
export function instructionsText(
  instructions: readonly Instruction[],
  loadText: (load: number) => string,
): string {
  const terms: Term[] = []
  let text = ''
  instructions.forEach((instruction, at) => {
    const { dtype } = instruction
    if (instruction.kind === 'literal') {
      terms.push({ name: literalText(instruction.value, dtype), dtype, literal: instruction.value })
      return
    }
    const name = `v${at}`
    const value =
      instruction.kind === 'load'
        ? loadText(instruction.load)
        : expressionText(
            instruction.op,
            instruction.operands.map(operand => terms[operand]),
            instruction.attributes,
            dtype,
          )
    text += `  let ${name} = ${value};\n`
    terms.push({ name, dtype })
  })
  return text
}

/** The text of an instruction's value after `instructionsText`. */
export function valueText(instructions: readonly Instruction[], at: number): string {
  const instruction = instructions[at]
  return instruction.kind === 'literal' ? literalText(instruction.value, instruction.dtype) : `v${at}`
}
