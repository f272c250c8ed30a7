// Holds a weights file against what a network needs, by its header and by its bytes as they lie in the file: what does
// not fit is refused by name before a single tensor has been copied.
import { InputError } from '../base/errors.ts'
import { sameShape } from '../base/shape.ts'
import type { ParameterShapes } from './parameters.ts'
import type { SafetensorsEntry, SafetensorsLayout } from './safetensors.ts'

/** Names beyond this many are only counted. */
const namesInMessage = 3

function list(names: readonly string[]): string {
  const shown = names.slice(0, namesInMessage).map(name => `'${name}'`)
  const rest = names.length - shown.length
  return shown.join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}

/** Index of the first value that is infinite or no number (an exponent of ones); -1 when there is none. */
function firstNonFinite({ dtype, begin, end }: SafetensorsEntry, data: Uint8Array): number {
  const view = new DataView(data.buffer, data.byteOffset + begin, end - begin)
  if (dtype === 'F16') {
    for (let at = 0; at < view.byteLength; at += 2)
      if ((view.getUint16(at, true) & 0x7c00) === 0x7c00) return at / 2
  } else {
    for (let at = 0; at < view.byteLength; at += 4)
      if ((view.getUint32(at, true) & 0x7f800000) === 0x7f800000) return at / 4
  }
  return -1
}

/**
 * Checks that a file holds exactly the tensors `expected`, in F32 or F16, all values finite. `file` is named in errors.
 * @throws InputError naming the tensors that are missing, unknown, of another shape or type, or not finite.
 */
export function requireWeights(layout: SafetensorsLayout, expected: ParameterShapes, file: string): void {
  const { entries, data } = layout
  const refuse = (what: string): never => {
    throw new InputError(
      `The weights ${file} do not fit the network that the model description tells of: ${what}; use the weights file that belongs to this description.`,
    )
  }
  const missing = Object.keys(expected).filter(name => !(name in entries))
  if (missing.length > 0) refuse(`${list(missing)} ${missing.length === 1 ? 'is' : 'are'} missing`)
  const extra = Object.keys(entries).filter(name => !Object.hasOwn(expected, name))
  if (extra.length > 0) refuse(`${list(extra)} ${extra.length === 1 ? 'is' : 'are'} not part of it`)
  for (const [name, shape] of Object.entries(expected)) {
    const entry = entries[name]
    if (!sameShape(entry.shape, shape))
      refuse(`'${name}' has the shape [${entry.shape.join(', ')}], but [${shape.join(', ')}] is expected`)
    if (entry.dtype !== 'F32' && entry.dtype !== 'F16')
      refuse(`'${name}' is stored as ${entry.dtype}, but F32 or F16 is expected`)
    const at = firstNonFinite(entry, data)
    if (at >= 0) refuse(`'${name}' holds a value that is no finite number (element ${at})`)
  }
}
