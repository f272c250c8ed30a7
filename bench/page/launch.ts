// Builds the measuring page (unless it was packed), serves it on this machine with the headers that WASM threads need,
// and opens it in Chrome or Chromium without a window.
import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import sirv from 'sirv'
import { findChrome } from '../../scripts/findChrome.mjs'
import { describeFailure } from '../measure/describeFailure.ts'
import type { Job } from '../protocol.ts'
import type { Launch, Launched } from '../supervise.ts'

const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

export interface MeasuringPage {
  readonly launch: Launch
  close(): void
}

/** The folder of the built page. @throws Error when the build fails. */
async function buildPage(): Promise<string> {
  const packed = path.join(path.dirname(process.argv[1]), 'page-built')
  if (existsSync(packed)) return packed
  const root = path.dirname(process.argv[1])
  const { build } = await import('vite')
  await build({ configFile: path.join(root, 'vite.config.ts') })
  return path.join(root, '..', 'dist-bench', 'page')
}

function serve(folder: string): Promise<Server> {
  const files = sirv(folder, { dev: false })
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(isolation)) response.setHeader(name, value)
    files(request, response, () => void response.writeHead(404).end())
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, 'localhost', () => resolve(server))
  })
}

/** A software adapter is asked for by name: Chrome offers none by itself. */
function browserArguments(isSoftware: boolean): string[] {
  const common = [
    '--headless=new',
    '--no-sandbox',
    '--enable-unsafe-webgpu',
    '--no-first-run',
    '--disable-sync',
  ]
  if (isSoftware) return [...common, '--use-webgpu-adapter=swiftshader', '--enable-unsafe-swiftshader']
  return process.platform === 'linux'
    ? [...common, '--enable-features=Vulkan', '--use-angle=vulkan', '--ignore-gpu-blocklist']
    : common
}

async function openPage(url: string, isSoftware: boolean, job: Job, onEvent: Parameters<Launch>[1]) {
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath: findChrome(), args: browserArguments(isSoftware) })
  const page = await browser.newPage()
  const crashed = new Promise<string>(resolve => {
    page.on('crash', () => resolve('by a crash of the page'))
    browser.on('disconnected', () => resolve('by a crash of the browser'))
  })
  if (process.env.BENCH_VERBOSE) page.on('console', message => console.error(message.text()))
  await page.exposeFunction('emitBenchEvent', onEvent)
  await page.goto(url)
  const ran = page
    .evaluate(
      given => (window as unknown as { runBench(job: unknown): Promise<void> }).runBench(given),
      job as unknown,
    )
    .then(
      () => 'at its end',
      error => `with ${describeFailure(error)}`,
    )
  // A page whose GPU process hangs may not close in time; nothing that follows waits for it.
  const stop = () => void browser.close().catch(() => undefined)
  const ended = Promise.race([crashed, ran]).finally(stop)
  return { ended, stop } satisfies Launched
}

/** @throws Error in a sentence when there is no browser, or the page cannot be built. */
export async function openMeasuringPage(isSoftware: boolean): Promise<MeasuringPage> {
  if (!findChrome())
    throw new Error('no Chrome or Chromium was found; install one, or set CHROME_PATH to its program file')
  const server = await serve(await buildPage())
  const url = `http://localhost:${(server.address() as AddressInfo).port}/`
  return {
    launch: (job, onEvent) => openPage(url, isSoftware, job, onEvent),
    close: () => server.close(),
  }
}
