import { defineConfig } from 'vite'
import react from '@vitejs/plugin-react'
import { thirdPartyPlugin } from './scripts/thirdParty.mjs'

// Development and preview are isolated as production is, so that shared memory and WASM threads work there too. The
// policy of the production server (scripts/serve.mjs) is not set here: hot reload needs inline scripts and a socket.
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

export default defineConfig({
  base: './',
  plugins: [react(), thirdPartyPlugin()],
  resolve: {
    // onnxruntime-web then loads its WASM glue from the files we serve; bundled glue would start this page's own
    // worker script as its thread.
    conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'development|production'],
  },
  server: { headers: isolation },
  preview: { headers: isolation },
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    chunkSizeWarningLimit: 4000,
    // A data: URL of a module would need a wider policy.
    assetsInlineLimit: 0,
  },
})
