import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, test } from '@playwright/test'
import type { Page } from '@playwright/test'
import { DEMO_MODEL, isMissing } from './support/data.ts'
import { WorkbenchPage } from './support/page.ts'

/** Colour in the middle of the axial view, just beside the crosshair. */
async function colourInRegion(page: Page): Promise<number[]> {
  const box = (await page.locator('.tile[data-plane=axial]').boundingBox())!
  const clip = {
    x: Math.round(box.x + box.width / 2 + 6),
    y: Math.round(box.y + box.height / 2 + 6),
    width: 3,
    height: 3,
  }
  const png = await page.screenshot({ clip })
  return page.evaluate(async base64 => {
    const bytes = Uint8Array.from(atob(base64), char => char.charCodeAt(0))
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
    const context = new OffscreenCanvas(3, 3).getContext('2d')!
    context.drawImage(bitmap, 0, 0)
    return Array.from(context.getImageData(1, 1, 1, 1).data.subarray(0, 3))
  }, png.toString('base64'))
}

async function takeAway(page: Page, name: string): Promise<Buffer> {
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name, exact: true }).click()
  return readFileSync(await (await download).path())
}

const spread = (colour: number[]) => Math.max(...colour) - Math.min(...colour)

test('exploring the demo: attention is painted, masks follow r and s, files and links hold what is shown', async ({
  page,
}) => {
  test.skip(isMissing(DEMO_MODEL), 'needs the demo model in public/models/demo')
  const workbench = new WorkbenchPage(page)
  await workbench.open()
  await page.getByRole('region', { name: 'Try the demo' }).getByRole('button').first().click()
  await workbench.seesScan()
  await page.locator('.mode-switch label', { hasText: 'Explore' }).click()
  await expect(page.getByTestId('attention-here')).toContainText(/rank \d+ of 64 tokens/, { timeout: 60_000 })

  // Magma has colour, a CT has none.
  await expect.poll(async () => spread(await colourInRegion(page))).toBeGreaterThan(25)
  await page.getByTestId('views').click({ position: { x: 20, y: 300 } })
  await page.keyboard.press('Space')
  await expect.poll(async () => spread(await colourInRegion(page))).toBeLessThan(8)
  await page.keyboard.press('Space')

  // SPEC 4: ⌊0.7 · 64⌋ − ⌊0.1 · 64⌋ = 38; at r = 0.5 it is 32 − 6.
  const count = page.getByTestId('mask-count')
  await expect(count).toHaveText('38 of 64 tokens hidden, 6 hints')
  await page.getByRole('slider', { name: 'Hidden, r' }).focus()
  for (let step = 0; step < 20; step++) await page.keyboard.press('ArrowLeft')
  await expect(count).toHaveText('26 of 64 tokens hidden, 6 hints')
  await page.getByRole('button', { name: 'Random mask' }).click()

  await page.getByRole('button', { name: 'Take away and restore' }).click()
  const source = gunzipSync(readFileSync('public/cases/demo-1/image.nii.gz'))
  const map = gunzipSync(await takeAway(page, 'Attention map as NIfTI'))
  const sizes = (file: Buffer) => [1, 2, 3].map(axis => file.readInt16LE(40 + 2 * axis))
  expect(sizes(map)).toEqual(sizes(source))
  expect(map.toString('latin1', 148, 227)).toContain('Research use - not for clinical use')
  const mask = gunzipSync(await takeAway(page, 'Mask as NIfTI')).subarray(352)
  const hidden = mask.filter(code => code === 1).length
  // 26 tokens of 8³ voxels of 1.5 mm, 12³ mm³, in voxels of 1.75 × 1.75 × 2 mm; edges fall between voxels.
  expect(Math.abs(hidden / ((26 * 12 ** 3) / (1.75 * 1.75 * 2)) - 1)).toBeLessThan(0.15)
  const table = (await takeAway(page, 'Tokens as CSV')).toString('utf8').split('\n')
  expect(table[0]).toBe('# Research use — not for clinical use')
  const rows = table.filter(line => /^\d/.test(line))
  expect(rows).toHaveLength(64)
  const head = table.find(line => line.startsWith('token,'))!.split(',')
  expect(rows.filter(row => row.split(',')[head.indexOf('mask_random')] === '1')).toHaveLength(26)
  const png = await takeAway(page, 'views.png')
  expect(png.subarray(1, 4).toString('latin1')).toBe('PNG')

  await page.getByRole('button', { name: 'Link', exact: true }).click()
  await expect.poll(() => page.url()).toContain('#lab?')
  await page.reload()
  await expect(count).toHaveText('26 of 64 tokens hidden, 6 hints', { timeout: 60_000 })
  await expect(page.getByRole('button', { name: 'Random mask' })).toHaveAttribute('aria-pressed', 'true')
  expect(workbench.foreignRequests()).toEqual([])
})
