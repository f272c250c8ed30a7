import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from '@playwright/test'
import type { Page } from '@playwright/test'
import { DEMO_MODEL, isMissing } from './support/data.ts'
import { download, notice, readNifti, readTable } from './support/labFiles.ts'
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

const kindOf = (png: Buffer) => png.toString('latin1', 1, 4)
const spread = (colour: number[]) => Math.max(...colour) - Math.min(...colour)

test('exploring the demo: attention is painted, masks follow r and s, files and links hold what is shown', async ({
  page,
}) => {
  test.skip(isMissing(DEMO_MODEL), 'needs the demo model in public/models/demo')
  test.setTimeout(180_000)
  const workbench = new WorkbenchPage(page)
  const takeAway = (name: string) => download(page, 'Take away and restore', name)
  await workbench.open()
  await page.getByRole('region', { name: 'Try the demo' }).getByRole('button').first().click()
  await workbench.seesScan()
  await page.locator('.mode-switch label', { hasText: 'Explore' }).click()
  await expect(page.getByTestId('attention-here')).toContainText(/rank \d+ of 64 tokens/, { timeout: 60_000 })

  await workbench.looksIntoTheMiddle()
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
  const source = readNifti(readFileSync('public/cases/demo-1/image.nii.gz'))
  const map = gunzipSync(await takeAway('Attention map as NIfTI'))
  expect([42, 44, 46].map(at => map.readInt16LE(at))).toEqual(source.shape)
  expect(map.toString('latin1', 148, 227)).toContain('Research use - not for clinical use')
  const mask = readNifti(await takeAway('Mask as NIfTI')).voxels
  const hidden = mask.filter(code => code === 1).length
  // Tokens of 8³ voxels of 1.5 mm, 12³ mm³, in voxels of 1.75 × 1.75 × 2 mm; edges fall between voxels.
  const voxelsOf = (tokens: number) => (tokens * 12 ** 3) / (1.75 * 1.75 * 2)
  expect(Math.abs(hidden / voxelsOf(26) - 1)).toBeLessThan(0.15)
  const table = await takeAway('Tokens as CSV')
  expect(table.toString('utf8').split('\n')[0]).toBe(`# ${notice}`)
  const rows = readTable(table)
  expect(rows).toHaveLength(64)
  for (const kind of ['attention', 'low_attention', 'random', 'cube', 'block'])
    expect(rows.filter(row => row[`mask_${kind}`] === '1')).toHaveLength(26)
  expect(kindOf(await takeAway('views.png'))).toBe('PNG')

  await test.step('a reconstruction as picture, voxels and table', async () => {
    await page.getByRole('button', { name: 'Reconstruction', exact: true }).click()
    await expect(page.getByRole('button', { name: 'Reconstruction as NIfTI' })).toBeDisabled()
    await page.getByRole('button', { name: 'Reconstruct behind the mask' }).click()
    const shown = await page.getByTestId('masked-l1').innerText({ timeout: 60_000 })
    const png = await takeAway('Reconstruction as PNG')
    expect(kindOf(png)).toBe('PNG')
    // Four pictures of 480, two beside each other, with gaps and margins of 16.
    expect(png.readUInt32BE(16)).toBe(2 * 480 + 3 * 16)
    const { voxels, shape, description } = readNifti(await takeAway('Reconstruction as NIfTI'))
    expect(shape).toEqual(source.shape)
    expect(description).toContain('not for clinical use. Reconstructed HU. SYNTHETIC')
    const filled = voxels.filter(hu => hu !== -1024)
    expect(Math.abs(filled.length / voxelsOf(64) - 1)).toBeLessThan(0.15)
    // Lung and what lies in it: nothing that no CT has.
    expect(Math.min(...filled)).toBeGreaterThan(-1500)
    expect(Math.max(...filled)).toBeLessThan(1500)
    const errors = readTable(await takeAway('Reconstruction as CSV'))
    expect(errors).toHaveLength(64)
    const masked = errors.filter(row => row.mask === '1').map(row => Number(row.mean_absolute_error))
    expect(masked).toHaveLength(26)
    const mean = masked.reduce((sum, error) => sum + error, 0) / masked.length
    expect(shown).toContain(`Masked L1 ${mean.toFixed(4)} `)
  })

  await page.getByRole('button', { name: 'Link', exact: true }).click()
  await expect.poll(() => page.url()).toContain('#lab?')
  await page.reload()
  await expect(count).toHaveText('26 of 64 tokens hidden, 6 hints', { timeout: 60_000 })
  await expect(page.getByRole('button', { name: 'Random mask' })).toHaveAttribute('aria-pressed', 'true')

  await test.step('a model’s own files are opened, and one of the two alone is refused in a sentence', async () => {
    const lab = page.getByRole('complementary', { name: 'Attention lab' })
    const open = async (...names: string[]) => {
      const [chooser] = await Promise.all([
        page.waitForEvent('filechooser'),
        page.getByRole('button', { name: 'Open a model’s files' }).click(),
      ])
      await chooser.setFiles(names.map(name => path.join(path.dirname(DEMO_MODEL), name)))
    }
    await open('model.json')
    await expect(lab.getByRole('alert')).toContainText(
      'its .safetensors file are expected. Choose both together',
    )
    await open('model.json', 'weights.safetensors')
    await expect(lab).toContainText('Demo (trained on synthetic scans)')
    await expect(page.getByTestId('attention-spread')).toContainText('× the mean', { timeout: 60_000 })
    await page.getByRole('button', { name: 'Reconstruction', exact: true }).click()
    await expect(lab).toContainText('This network has no reconstruction head')
  })
  expect(workbench.foreignRequests()).toEqual([])
})

test('student or teacher, one head, clean or noisy: each its own map, and a file of the view brings all of it back', async ({
  page,
}) => {
  test.setTimeout(180_000)
  const workbench = new WorkbenchPage(page)
  const lab = page.getByRole('complementary', { name: 'Attention lab' })
  const choose = (group: string, name: string) =>
    lab
      .getByRole('radiogroup', { name: group })
      .getByRole('radio', { name, exact: true })
      .check({ force: true })
  const isChosen = (group: string, name: string) =>
    expect(
      lab.getByRole('radiogroup', { name: group }).getByRole('radio', { name, exact: true }),
    ).toBeChecked()
  const noise = lab.getByRole('switch', { name: 'Patch dropout, as the noisy teacher sees' })
  /** The map's figures, once they are others than those seen before. */
  async function nextMap(seen: readonly string[]): Promise<string> {
    const spread = lab.getByTestId('attention-spread')
    await expect(async () => expect(seen).not.toContain(await spread.innerText())).toPass({ timeout: 60_000 })
    return spread.innerText()
  }

  await workbench.open()
  await page.getByRole('region', { name: 'Try the demo' }).getByRole('button').first().click()
  await workbench.seesScan()
  await page.locator('.mode-switch label', { hasText: 'Explore' }).click()
  const maps = [await nextMap([''])]
  await choose('Whose attention', 'Teacher')
  maps.push(await nextMap(maps))
  await choose('Head', 'Head 2')
  maps.push(await nextMap(maps))
  await noise.check({ force: true })
  maps.push(await nextMap(maps))
  await choose('Colours', 'By rank')

  await page.getByRole('button', { name: 'Take away and restore' }).click()
  const view = await download(page, 'Take away and restore', 'view.json')
  expect(JSON.parse(view.toString('utf8')).view).toMatchObject({ role: 'teacher', head: 2, noise: 0.7 })

  await page.reload()
  await page.getByRole('region', { name: 'Try the demo' }).getByRole('button').nth(1).click()
  await workbench.seesScan()
  await page.locator('.mode-switch label', { hasText: 'Explore' }).click()
  await nextMap(maps)
  await isChosen('Whose attention', 'Student')
  await page.getByRole('button', { name: 'Take away and restore' }).click()
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    lab.getByRole('button', { name: 'Open a view' }).click(),
  ])
  await chooser.setFiles({ name: 'lab-view.json', mimeType: 'application/json', buffer: view })
  // The view was kept on another demo case, which is opened for it.
  await expect(lab.getByTestId('attention-spread')).toHaveText(maps[3], { timeout: 60_000 })
  await isChosen('Whose attention', 'Teacher')
  await isChosen('Head', 'Head 2')
  await isChosen('Colours', 'By rank')
  await expect(noise).toBeChecked()
  expect(workbench.foreignRequests()).toEqual([])
})
