import { defineConfig } from '@playwright/test'
import { requireChrome } from './scripts/findChrome.mjs'

// Browser journeys on the production build, served by `npm start`'s own server. Headless machines have no graphics card:
// SwiftShader draws, and offers the software WebGPU adapter that the page must recognise as none.
const port = Number(process.env.PORT ?? 4173)

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results/journeys',
  // Two at a time: a journey waits for one thread for most of its time. The times that journeys print are therefore those
  // of a shared machine; with `--workers 1` they are the page's own.
  workers: 2,
  fullyParallel: true,
  retries: 0,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [
    ['line'],
    ['json', { outputFile: process.env.PLAYWRIGHT_JSON_OUTPUT_FILE ?? 'test-results/e2e.json' }],
  ],
  use: {
    baseURL: `http://localhost:${port}`,
    viewport: { width: 1366, height: 768 },
    actionTimeout: 20_000,
    launchOptions: {
      executablePath: process.env.CHROME_PATH ?? requireChrome(),
      args: [
        '--headless=new',
        '--no-sandbox',
        '--enable-unsafe-webgpu',
        '--use-webgpu-adapter=swiftshader',
        '--use-angle=swiftshader',
        '--enable-unsafe-swiftshader',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
      ],
    },
  },
  webServer: {
    command: 'node scripts/start.mjs --no-open',
    url: `http://localhost:${port}`,
    env: { PORT: String(port) },
    timeout: 240_000,
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 5000 },
  },
})
