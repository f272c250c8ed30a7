// The measuring page, built apart from the product: it holds peers that the product does not, and no policy of content.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = path.dirname(fileURLToPath(import.meta.url))

export default defineConfig({
  root: path.join(here, 'page'),
  base: './',
  publicDir: false,
  logLevel: 'warn',
  resolve: {
    // onnxruntime-web then loads its WASM from the files we serve.
    conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'development|production'],
  },
  worker: { format: 'es' },
  build: {
    outDir: path.join(here, '..', 'dist-bench', 'page'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 10_000,
  },
})
