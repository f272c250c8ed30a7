import { expect, test } from '@playwright/test'
import type { Page } from '@playwright/test'
import { DEMO_MODEL, isMissing } from './support/data.ts'
import { download, notice, readNifti } from './support/labFiles.ts'
import { makeNifti } from './support/niftiFile.ts'
import { WorkbenchPage } from './support/page.ts'

const foldedTitle = (page: Page, name: string) => page.getByRole('heading', { name })

const foldOut = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()

/** The region's middle, as its section says it. */
async function regionRasMm(page: Page): Promise<number[]> {
  const text = await page.getByText(/voxels at R/).innerText()
  return /R\s+(\S+)\s+A\s+(\S+)\s+S\s+(\S+)/
    .exec(text)!
    .slice(1)
    .map(number => Number(number.replace('−', '-')))
}

test('the lab shows where a query looks, how heads differ, and organs found without a label', async ({
  page,
}) => {
  test.skip(isMissing(DEMO_MODEL), 'needs the demo model in public/models/demo')
  test.setTimeout(240_000)
  const workbench = new WorkbenchPage(page)
  await workbench.open()
  await page.getByRole('region', { name: 'Try the demo' }).getByRole('button').first().click()
  await workbench.seesScan()
  await page.getByText('Explore', { exact: true }).click()
  await page.getByRole('button', { name: 'Another model' }).click()
  await page.getByRole('menuitemradio', { name: /^Demo \(trained on synthetic scans\)/ }).click()
  await expect(page.locator('.lab-panel').getByText('Demo (trained on synthetic scans)')).toBeVisible()
  await workbench.looksIntoTheMiddle()
  const centre = await regionRasMm(page)

  await test.step('a query’s window', async () => {
    await foldOut(page, 'Window attention')
    await page.getByRole('button', { name: 'Look into the windows' }).click()
    const figures = page.getByTestId('window-figures')
    await expect(figures).toContainText('of 16 × 16 × 16', { timeout: 120_000 })
    await expect(figures).toContainText('64 of 64')
    await page.getByRole('radiogroup', { name: 'Stage', exact: true }).getByText('3').click()
    await page.getByRole('radiogroup', { name: 'Block' }).getByText('2, shifted').click()
    // 4³ tokens shifted by 2: each corner of the one window is a region of its own.
    await expect(figures).toContainText('8 of 64, 56 shift-masked')
    const map = readNifti(await download(page, 'Window attention', 'NIfTI'))
    expect(map.at(centre)).toBeGreaterThan(0)
    expect(map.at([centre[0] + 20, centre[1], centre[2]])).toBe(0)
    expect(map.voxels.includes(255)).toBe(true)
    expect(map.description).toContain('not for clinical use, synthetic')
    const table = (await download(page, 'Window attention', 'CSV')).toString('utf8')
    expect(table).toContain(notice)
    const rows = table
      .trim()
      .split('\r\n')
      .filter(line => !line.startsWith('#'))
    expect(rows).toHaveLength(1 + 8)
    const sum = rows.slice(1).reduce((total, line) => total + Number(line.split(',')[6]), 0)
    expect(sum).toBeCloseTo(1, 4)
    await workbench.press('Home')
    await expect(page.getByText('The crosshair is outside of the region: click a voxel in it')).toBeVisible()
    await foldOut(page, 'Window attention')
  })

  await test.step('heads of two encoders side by side', async () => {
    await foldOut(page, 'Head diversity')
    await page.getByText('At the region').click()
    await page.getByRole('button', { name: 'Measure the heads' }).click()
    const dots = page.locator('svg.chart circle')
    await expect(dots).toHaveCount(2 * 32, { timeout: 60_000 })
    await page.getByRole('button', { name: /Encoder/ }).click()
    await page
      .getByRole('option', { name: /, untrained$/ })
      .first()
      .click()
    await page.getByRole('button', { name: 'Measure the heads' }).click()
    await expect(dots).toHaveCount(4 * 32, { timeout: 60_000 })
    await page.locator('svg.chart rect[fill=transparent]').last().hover()
    await expect(page.getByTestId('head-readout')).toContainText(
      /Stage 4, block 2, head 8 .*untrained.* mm .* bits/,
    )
    const table = (await download(page, 'Head diversity', 'CSV')).toString('utf8')
    expect(table).toContain(notice)
    expect(table.match(/untrained",4,2,8,8,/g)).toHaveLength(1)
    const svg = (await download(page, 'Head diversity', 'SVG')).toString('utf8')
    expect(svg).toContain(notice)
    expect(svg.match(/<circle/g)).toHaveLength(4 * 32)
    await foldOut(page, 'Head diversity')
  })

  await test.step('clusters of tokens, held against the phantom’s organs', async () => {
    await foldOut(page, 'Features without labels')
    await page.getByText('Around the region').click()
    await page.getByRole('button', { name: 'Cluster the tokens' }).click()
    await page.getByRole('button', { name: 'Cancel', exact: true }).click()
    await expect(page.getByRole('progressbar')).toHaveCount(0, { timeout: 1000 })
    await page.getByRole('button', { name: 'Cluster the tokens' }).click()
    const lungs = page
      .getByRole('table', { name: 'Agreement with labels' })
      .getByRole('row', { name: /^Lungs/ })
    await expect(lungs).toBeVisible({ timeout: 120_000 })
    // Measured around this place for the shipped classifier: 0.56 for the best cluster alone, more for all of the lungs'.
    const dice = [...(await lungs.innerText()).matchAll(/\d\.\d\d/g)].map(([text]) => Number(text))
    console.log(`lungs: Dice ${dice.join(' and ')} against the phantom's truth`)
    expect(Math.max(...dice)).toBeGreaterThan(0.5)
    const clusters = readNifti(await download(page, 'Features without labels', 'NIfTI'))
    expect([...new Set(clusters.voxels)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6])
    // The heart and the air of a lung beside it are of different clusters, on the side where they were.
    expect(clusters.at(centre)).toBeGreaterThan(0)
    expect(clusters.at(centre)).not.toBe(clusters.at([centre[0] + 40, centre[1] - 30, centre[2]]))
    expect(clusters.at([centre[0] + 60, centre[1], centre[2]])).toBe(0)
    const tokens = (await download(page, 'Features without labels', 'CSV')).toString('utf8')
    expect(tokens).toContain(notice)
    expect(
      tokens
        .trim()
        .split('\r\n')
        .filter(line => !line.startsWith('#')),
    ).toHaveLength(1 + 12 ** 3)
    expect((await download(page, 'Features without labels', 'PNG')).toString('latin1', 1, 4)).toBe('PNG')

    await page.getByRole('list', { name: 'Groups of tokens' }).getByRole('button').first().click()
    await expect(page.getByRole('button', { name: /Paint all tokens again/ })).toBeVisible()
    await page.getByRole('button', { name: /Paint all tokens again/ }).click()
    const map = page.getByTestId('feature-map')
    await map.scrollIntoViewIfNeeded()
    const { x, y, width } = (await map.boundingBox())!
    await page.mouse.move(x + 1, y + 1)
    await page.mouse.down()
    await page.mouse.move(x + width - 1, y + width - 1, { steps: 4 })
    await page.mouse.up()
    await expect(page.getByRole('button', { name: '(1500 are painted)' })).toBeVisible()
    await page.getByText('Organs (truth)').click()
    await expect(page.getByRole('list', { name: 'Groups of tokens' })).toContainText(
      'Heart and great vessels',
    )
  })

  await test.step('tokens of a second scan beside the open one, which stays open', async () => {
    const section = page.locator('.lab-section').filter({ has: foldedTitle(page, 'Features without labels') })
    await section
      .locator('input[type=file]:not([webkitdirectory])')
      .setInputFiles({ name: 'DOE_JANE.nii.gz', mimeType: 'application/gzip', buffer: makeNifti() })
    await expect(page.getByRole('list', { name: 'Scans', exact: true })).toContainText('DOE_JANE.nii.gz')
    await page.getByRole('button', { name: 'Cluster again' }).click()
    const shares = page.getByRole('table', { name: 'Clusters of each scan' })
    await expect(shares).toContainText('Scan 2', { timeout: 120_000 })
    await expect(page.getByRole('table', { name: 'Distances in feature space' })).toContainText('Scans')
    await page.getByRole('radiogroup', { name: 'Coloured by' }).getByText('Scans').click()
    await expect(page.getByRole('list', { name: 'Groups of tokens' })).toContainText(
      'Scan 2 · DOE_JANE.nii.gz',
    )
    // The hidden input of a button far down the panel was focused: the page itself must not have scrolled to it.
    await expect(page.locator('.mode-switch')).toBeInViewport()
    const tokens = (await download(page, 'Features without labels', 'CSV')).toString('utf8')
    expect(tokens.match(/^Scan 1,/gm)).toHaveLength(12 ** 3)
    expect(tokens.match(/^Scan 2,/gm)).toHaveLength(12 ** 3)
    expect(tokens).toContain(notice)
    expect(tokens).not.toContain('DOE')
    const painted = readNifti(await download(page, 'Features without labels', 'NIfTI'))
    expect(painted.at(centre)).toBeGreaterThan(0)
    await page.getByRole('button', { name: 'Keep for the next scan' }).click()
    await page.getByRole('button', { name: 'Remove DOE_JANE.nii.gz' }).click()
    await expect(page.getByRole('list', { name: 'Scans', exact: true })).not.toContainText('DOE')
  })
  expect(workbench.foreignRequests()).toEqual([])
})

/** What the page gives while something is done: its frames, the longest pause between two, its longest task. */
async function watchFrames(workbench: WorkbenchPage, act: () => Promise<void>): Promise<string> {
  const { page } = workbench
  await workbench.longTasks()
  await page.evaluate(() => {
    const watch = { times: [performance.now()], isOver: false }
    Object.assign(window, { watch })
    const next = () => {
      watch.times.push(performance.now())
      if (!watch.isOver) requestAnimationFrame(next)
    }
    requestAnimationFrame(next)
  })
  await act()
  const times = await page.evaluate(() => {
    const { watch } = window as unknown as { watch: { times: number[]; isOver: boolean } }
    watch.isOver = true
    return watch.times
  })
  const tasks = await workbench.longTasks()
  const seconds = (times.at(-1)! - times[0]) / 1000
  const pauses = times.slice(1).map((time, i) => time - times[i])
  const longest = tasks.length > 0 ? `${Math.max(...tasks)} ms` : 'below 50 ms'
  return `${((times.length - 1) / seconds).toFixed(0)} frames/s over ${seconds.toFixed(1)} s, longest pause ${Math.max(...pauses).toFixed(0)} ms, longest task ${longest}`
}

test('the region follows the crosshair, and the page answers while sliders move and attention is computed', async ({
  page,
}) => {
  const workbench = new WorkbenchPage(page)
  await workbench.open()
  await page.getByRole('region', { name: 'Try the demo' }).getByRole('button').first().click()
  await workbench.seesScan()
  await page.getByText('Explore', { exact: true }).click()
  const here = page.getByTestId('attention-here')
  await expect(here).toContainText(/rank \d+ of 64 tokens/, { timeout: 60_000 })
  await expect(page.getByTestId('attention-spread')).toContainText('× the mean, entropy')

  const before = await regionRasMm(page)
  await workbench.press('PageUp')
  await expect(here).toContainText(/rank|outside/)
  expect(await regionRasMm(page)).toEqual(before)
  await page.getByRole('switch', { name: 'Follow the crosshair' }).focus()
  await workbench.press('Space')
  await expect.poll(async () => (await regionRasMm(page))[2]).toBeGreaterThan(before[2] + 10)
  const followed = await regionRasMm(page)
  const scrolling = await watchFrames(workbench, async () => {
    for (let slice = 0; slice < 10; slice++) await workbench.press('PageDown', 'ArrowUp')
    await expect.poll(async () => (await regionRasMm(page))[2]).toBeLessThan(followed[2] - 10)
    await expect(here).toContainText(/rank \d+ of 64 tokens/)
  })
  console.log(`scrolling with the region behind it: ${scrolling}`)

  const sizes = page.getByRole('radiogroup', { name: 'Size of the region' })
  const computing = await watchFrames(workbench, async () => {
    await sizes.getByRole('radio').last().focus()
    await sizes.locator('label').last().click()
    await expect(here).toContainText(/rank \d+ of 1728 tokens/, { timeout: 60_000 })
  })
  console.log(`attention of a region of 96³ voxels in the worker: ${computing}`)
  const moving = await watchFrames(workbench, async () => {
    await page.getByRole('slider', { name: 'Hidden, r' }).focus()
    for (let step = 0; step < 40; step++) await workbench.press('ArrowLeft')
  })
  console.log(`sliders over five masks of 1728 tokens: ${moving}`)
  await expect(page.getByTestId('mask-count')).toHaveText('346 of 1728 tokens hidden, 172 hints')
})
