// Node loader hook: `import text from '../../shaders/x.wgsl?raw'` gives the file's text, as Vite does in the page.
import { register } from 'node:module'

const hooks = `
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
export async function resolve(specifier, context, next) {
  if (specifier.endsWith('?raw')) return { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true }
  return next(specifier, context)
}
export async function load(url, context, next) {
  if (!url.endsWith('?raw')) return next(url, context)
  const text = await readFile(fileURLToPath(url.slice(0, -4)), 'utf8')
  return { format: 'module', source: 'export default ' + JSON.stringify(text), shortCircuit: true }
}`
register('data:text/javascript,' + encodeURIComponent(hooks), import.meta.url)
