// `npm start`: install when needed, build, serve on http://localhost:4173 (PORT changes it), open the browser.
import { spawn, spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureInstall } from './ensureInstall.mjs'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')

function build() {
  const vite = path.join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const result = spawnSync(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: root,
    stdio: 'inherit',
  })
  if (result.status !== 0) throw new Error('The build failed: see the message above.')
}

function openBrowser(address) {
  const [command, args] =
    process.platform === 'darwin'
      ? ['open', [address]]
      : process.platform === 'win32'
        ? ['cmd', ['/c', 'start', '', address]]
        : ['xdg-open', [address]]
  // A machine without a desktop has no opener: the printed address is enough there.
  spawn(command, args, { stdio: 'ignore', detached: true })
    .on('error', () => undefined)
    .unref()
}

function wantedPort() {
  const text = process.env.PORT ?? '4173'
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_435)
    throw new Error(`PORT is “${text}”; expected a whole number from 1 to 65435.`)
  return port
}

try {
  const firstPort = wantedPort()
  ensureInstall()
  console.log('Building ...')
  build()
  const { serve } = await import('./serve.mjs')
  const { port, server } = await serve(path.join(root, 'dist'), firstPort)
  const address = `http://localhost:${port}`
  console.log(
    `\nSMARTFormer Workbench: ${address}\nResearch use — not for clinical use. Nothing leaves this computer. Ctrl+C stops it.\n`,
  )
  if (!process.env.CI && !process.argv.includes('--no-open')) openBrowser(address)
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, () => {
      server.close(() => process.exit(0))
      server.closeAllConnections()
    })
} catch (error) {
  console.error(error.message)
  process.exit(1)
}
