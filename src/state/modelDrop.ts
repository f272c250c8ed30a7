// Whether dropped files are a model: model.json with its .safetensors file, loose, in a folder or in one zip. Of a zip only its
// list of files is read, since a scan's may be large.
import { zipNames } from '../volume/zipNames.ts'
import type { PickedFile } from '../worker/protocol.ts'

const baseName = (path: string) => path.split('/').pop()!.toLowerCase()

function namesModel(paths: readonly string[]): boolean {
  const names = paths.map(baseName)
  return names.includes('model.json') || names.some(name => name === 'weights.safetensors')
}

/** A run of this program holds .safetensors too, so that these alone, in a zip, say nothing. */
export async function holdsModel(files: readonly PickedFile[]): Promise<boolean> {
  const paths = files.map(one => one.path)
  if (namesModel(paths)) return true
  const isPair = files.length <= 3 && paths.some(path => baseName(path).endsWith('.safetensors'))
  if (isPair) return true
  const isZip = files.length === 1 && baseName(paths[0]).endsWith('.zip')
  return isZip && namesModel(await zipNames(files[0].file))
}
