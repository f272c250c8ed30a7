// The layer rule of the house: a folder of src/ imports only from the folders to its left.
// `state` and `ui` and `worker/client` have tighter rules of their own, stated below.
import path from 'node:path'

export const LAYERS = [
  'base',
  'volume',
  'phantom',
  'tokens',
  'kernels',
  'graph',
  'network',
  'prediction',
  'insight',
  'training',
  'report',
  'worker',
  'state',
  'ui',
]
const CORE = new Set(LAYERS.slice(0, LAYERS.indexOf('worker')))
const PAGE_LIBRARIES = /^(react|react-dom|react-aria-components|zustand|lucide-react|@niivue\/)/

function layerOf(file) {
  const parts = file.split(path.sep)
  const at = parts.lastIndexOf('src')
  return at < 0 ? undefined : parts[at + 1]
}

function packageProblem(layer, file, source) {
  if (CORE.has(layer) && PAGE_LIBRARIES.test(source))
    return `'${layer}' is compute core and knows no page library: pass plain data out and use '${source}' in state or ui.`
  if (source.startsWith('@niivue/') && !file.includes(`${path.sep}ui${path.sep}viewer${path.sep}`))
    return `only src/ui/viewer imports NiiVue: add what you need to the viewer's own interface there.`
  if (layer === 'state' && /^react/.test(source))
    return `'state' knows no React: import from 'zustand/vanilla' and bind in ui.`
  return undefined
}

function layerProblem(layer, target, file, resolved) {
  const from = LAYERS.indexOf(layer)
  const to = LAYERS.indexOf(target)
  if (from < 0 || to < 0) return undefined
  if (to > from)
    return `'${layer}' stands left of '${target}' and must not import it: move the shared piece to '${layer}' or further left (${LAYERS.slice(0, from + 1).join(' < ')}), or pass it in.`
  if (layer === 'ui' && ['network', 'kernels', 'training', 'graph'].includes(target))
    return `'ui' never sees '${target}': ask the worker through worker/client, or read state.`
  if (/worker\/client\.ts$/.test(file.split(path.sep).join('/')) && target !== 'worker' && target !== 'base')
    return `worker/client knows only the protocol: import types from worker/protocol.ts instead of '${path.basename(resolved)}'.`
  return undefined
}

export default {
  rules: {
    layers: {
      meta: { type: 'problem', schema: [], messages: { layer: '{{text}}' } },
      create(context) {
        const file = context.filename
        const layer = layerOf(file)
        if (layer === undefined || /\.test\.tsx?$/.test(file)) return {}
        const check = node => {
          const source = node.source?.value
          if (typeof source !== 'string') return
          let text
          if (source.startsWith('.')) {
            const resolved = path.resolve(path.dirname(file), source)
            text = layerProblem(layer, layerOf(resolved), file, resolved)
          } else text = packageProblem(layer, file, source)
          if (text) context.report({ node, messageId: 'layer', data: { text } })
        }
        return {
          ImportDeclaration: check,
          ExportNamedDeclaration: check,
          ExportAllDeclaration: check,
          ImportExpression: check,
        }
      },
    },
  },
}
