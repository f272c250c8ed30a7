import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@playwright/test'
import type { Download, Page } from '@playwright/test'
import { DEMO_MODEL, isMissing } from './support/data.ts'
import { WorkbenchPage } from './support/page.ts'
import { SIDE, makeTile } from './support/tile.ts'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const native = await import('onnxruntime-node').catch(() => undefined)

async function openDemo(page: Page): Promise<WorkbenchPage> {
  const workbench = new WorkbenchPage(page)
  await workbench.open()
  await page.getByRole('region', { name: 'Try the demo' }).getByRole('button').first().click()
  await workbench.seesScan()
  return workbench
}

async function chooseFile(page: Page, network: string, format: RegExp): Promise<void> {
  await page.getByRole('button', { name: 'Take the model away' }).click()
  await page.getByRole('group', { name: network }).getByRole('menuitem', { name: format }).click()
}

async function takeAway(page: Page, network: string, format: RegExp): Promise<Download> {
  const [download] = await Promise.all([page.waitForEvent('download'), chooseFile(page, network, format)])
  return download
}

/** The program's own numbers for the tile, computed in Node from the same model. */
function ownNumbers(): { identity: string; probability: number[] } {
  const command = [path.join(root, 'scripts', 'run.mjs'), 'e2e/support/modelNumbers.ts']
  return JSON.parse(
    execFileSync(process.execPath, command, { cwd: root, encoding: 'utf8', maxBuffer: 1e8 }),
  ) as {
    identity: string
    probability: number[]
  }
}

test('the model is taken away as ONNX, and plain onnxruntime gives this program’s numbers with it', async ({
  page,
}) => {
  test.skip(isMissing(DEMO_MODEL), 'needs the demo model in public/models/demo')
  test.skip(!native, 'needs the optional package onnxruntime-node')
  test.setTimeout(240_000)
  const workbench = await openDemo(page)
  const download = await takeAway(page, 'Nodule segmentation', /^ONNX/)
  expect(download.suggestedFilename()).toMatch(/^demo-.*-segment\.onnx$/)
  await expect(page.getByText(/-segment\.onnx, \d+ MB, is in your downloads/)).toBeVisible()

  const bytes = readFileSync(await download.path())
  const own = ownNumbers()
  expect(bytes.includes(own.identity), 'the file names the model’s identity').toBe(true)
  const session = await native!.InferenceSession.create(bytes)
  const image = new native!.Tensor('float32', makeTile(), [1, 1, SIDE, SIDE, SIDE])
  const { probability } = await session.run({ image })
  await session.release()
  expect(probability.dims).toEqual([1, 2, SIDE, SIDE, SIDE])
  const nodule = (probability.data as Float32Array).subarray(SIDE ** 3)
  const largest = own.probability.reduce((most, value, at) => Math.max(most, Math.abs(value - nodule[at])), 0)
  // The same sums in another order: float32 roundings of a probability.
  expect(largest).toBeLessThan(1e-5)
  expect(Math.max(...own.probability) - Math.min(...own.probability)).toBeGreaterThan(0.01)
  expect(workbench.foreignRequests()).toEqual([])
})

test('the malignancy weights are taken away as safetensors', async ({ page }) => {
  test.skip(isMissing(DEMO_MODEL), 'needs the demo model in public/models/demo')
  await openDemo(page)
  const download = await takeAway(page, 'Malignancy', /^safetensors/)
  expect(download.suggestedFilename()).toMatch(/^demo-.*-classify\.safetensors$/)
  const file = readFileSync(await download.path())
  const header = JSON.parse(file.toString('utf8', 8, 8 + Number(file.readBigUInt64LE(0)))) as Record<
    string,
    Record<string, unknown>
  >
  expect(header.__metadata__.notice).toBe('Research use — not for clinical use')
  expect(header['cls_head.weight']).toMatchObject({ dtype: 'F32', shape: [2, 192] })
})

test('weights that were damaged on their way are refused in a sentence, and nothing is downloaded', async ({
  page,
}) => {
  test.skip(isMissing(DEMO_MODEL), 'needs the demo model in public/models/demo')
  await page.route('**/models/demo/weights.safetensors', async route => {
    const response = await route.fetch()
    const body = await response.body()
    body[body.length - 1] ^= 1
    await route.fulfill({ response, body })
  })
  await openDemo(page)
  let downloads = 0
  page.on('download', () => (downloads += 1))
  await chooseFile(page, 'Malignancy', /^ONNX/)
  await expect(page.getByRole('alert')).toContainText('are not the ones that the description of "demo" names')
  expect(downloads).toBe(0)
})
