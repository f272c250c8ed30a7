// Serves the production build on this computer only, with the headers that the app needs:
// isolation (shared memory and WASM threads) and a policy that lets nothing leave the page's own origin.
import { createServer } from 'node:http'
import sirv from 'sirv'

export const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "connect-src 'self' blob: data:",
  "img-src 'self' blob: data:",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export const HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
}

function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // Loopback only: the page is for the person at this computer.
    server.listen(port, 'localhost', () => {
      server.removeListener('error', reject)
      resolve(port)
    })
  })
}

/** Serves `folder`; a taken port is said and the next free one is used. Resolves to { server, port }. */
export async function serve(folder, firstPort) {
  const files = sirv(folder, {
    etag: true,
    single: false,
    dev: false,
    setHeaders: response => setHeaders(response),
  })
  const server = createServer((request, response) => {
    setHeaders(response)
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD' }).end()
      return
    }
    files(request, response, () => response.writeHead(404).end('Not found'))
  })
  for (let port = firstPort; port < firstPort + 100; port++) {
    try {
      await listen(server, port)
      return { server, port }
    } catch (error) {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error
      const why = error.code === 'EACCES' ? 'may not be used by this account' : 'is taken by another program'
      console.log(`Port ${port} ${why}; trying ${port + 1}.`)
    }
  }
  throw new Error(
    `No free port between ${firstPort} and ${firstPort + 99}: close a program that uses one, or set PORT to another number.`,
  )
}

function setHeaders(response) {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
}
