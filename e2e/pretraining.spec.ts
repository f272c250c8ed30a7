// Pretraining in the page: begun, reloaded in the middle, continued to the same numbers; its files asked for again; passed
// on as one file; deleted without a trace.
import { readFileSync } from 'node:fs'
import { strFromU8, unzipSync } from 'fflate'
import { expect, test, type Page } from '@playwright/test'
import { makeNifti } from './support/niftiFile.ts'
import { WorkbenchPage } from './support/page.ts'

/** Figures of an update that follow from its number alone: all but the clock's. */
async function historyOf(page: Page): Promise<string[]> {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'History as CSV' }).click(),
  ])
  const lines = readFileSync(await file.path(), 'utf8')
    .trim()
    .split('\r\n')
  expect(lines[0]).toContain('Research use — not for clinical use')
  const [head, ...rows] = lines.filter(line => !line.startsWith('#')).map(line => line.split(','))
  const kept = head.flatMap((name, at) => (/^(seconds|secondsLeft|cropsPerSecond)$/.test(name) ? [] : [at]))
  return rows.map(row => kept.map(at => `${head[at]} ${row[at]}`).join(' '))
}

const listed = (page: Page) => page.getByRole('list', { name: 'Runs' }).getByRole('listitem')
/** The worker ends with its last job; the memory of a forecast is asked for between runs. */
const seesNoTrainWorker = (page: Page) =>
  expect
    .poll(() => page.workers().filter(worker => worker.url().includes('train.worker')).length, {
      timeout: 60_000,
    })
    .toBe(0)

async function type(page: Page, name: string, value: string): Promise<void> {
  const field = page.getByRole('textbox', { name, exact: true })
  await field.fill(value)
  await field.press('Tab')
}

/** The smallest run that there is: one crop, random masks, the reconstruction loss alone. */
async function setUp(page: Page, updates: string): Promise<void> {
  await page.getByRole('button', { name: /Masks/ }).click()
  await page.getByRole('option', { name: 'Random tokens' }).click()
  await type(page, 'Updates', updates)
  await page.getByRole('button', { name: 'Advanced' }).click()
  for (const loss of ['AMPD: hidden patches', 'AITD: the attended image', 'GITD: the other view'])
    await type(page, loss, '0')
  await type(page, 'Crops of a pass', '1')
  await type(page, 'Saved every', '1')
}

const begin = (page: Page) => page.getByRole('button', { name: 'Begin pretraining' }).click()
const seesFinished = (page: Page) =>
  expect(page.getByText(/^Finished: Pretraining of demo/)).toBeVisible({ timeout: 120_000 })

async function act(page: Page, row: number, action: string): Promise<void> {
  await listed(page)
    .nth(row)
    .getByRole('button', { name: /^More about/ })
    .click()
  await page.getByRole('menuitem', { name: action }).click()
}

async function enter(page: Page): Promise<void> {
  await page.getByText('Train', { exact: true }).click()
  await expect(page.getByRole('button', { name: 'Import a run' })).toBeVisible()
  await page.getByRole('button', { name: 'Pretrain without labels' }).click()
}

/** Keeps the finished run as a model, uses it everywhere, and takes it back. */
async function keepsModel(workbench: WorkbenchPage): Promise<void> {
  const { page } = workbench
  const keep = page.getByRole('button', { name: 'Keep as a model' })
  await type(page, 'Name', 'my first')
  await keep.click()
  await expect(page.getByRole('alert').filter({ hasText: 'cannot be called' })).toBeVisible()
  await type(page, 'Name', 'first')
  await keep.click()
  const identity = await page.getByTestId('kept-identity').innerText({ timeout: 60_000 })
  const [zip] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Take away as zip' }).click(),
  ])
  const files = unzipSync(readFileSync(await zip.path()))
  expect(Object.keys(files).sort()).toEqual(['card.md', 'model.json', 'weights.safetensors'])
  expect(strFromU8(files['card.md'])).toContain(identity)
  expect(JSON.parse(strFromU8(files['model.json'])).networks.pretrain.teacher).toBe(true)

  await page.getByRole('button', { name: 'Look into it' }).click()
  await page.getByRole('region', { name: 'Try the demo' }).getByRole('button').first().click()
  await workbench.seesScan()
  const lab = page.getByRole('complementary', { name: 'Attention lab' })
  await expect(lab).toContainText(`first 1.0.0 ${identity}`, { timeout: 60_000 })
  await lab.getByRole('radiogroup', { name: 'Whose attention' }).getByText('Teacher').click()
  await expect(page.getByTestId('attention-here')).toContainText(/rank \d+ of 64 tokens/, { timeout: 60_000 })
  await page.getByRole('button', { name: 'Another model' }).click()
  const listed = page.getByRole('menuitemradio', { name: /^first 1\.0\.0/ })
  await expect(listed).toHaveAttribute('aria-checked', 'true')
  await page.keyboard.press('Escape')

  await page.getByText('Train', { exact: true }).click()
  await page.getByRole('button', { name: 'Fine-tune from it' }).click()
  await expect(page.getByRole('button', { name: 'Fine-tuning starts from it' })).toBeDisabled()
  await page.getByRole('button', { name: 'Try with synthetic nodules' }).click()
  const start = page.getByRole('button', { name: /Start$/ })
  await expect(start).toContainText('first 1.0.0', { timeout: 60_000 })
  await expect(page.getByRole('group', { name: 'Set-up' })).toContainText('linear probe', { timeout: 60_000 })
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(start).toContainText('Demo (trained on synthetic scans)')
  await expect(keep).toBeVisible()
  await page.getByRole('button', { name: 'Pretrain without labels' }).click()
}

test('a pretraining that a reload interrupts ends as one that ran through, and leaves nothing when it is deleted', async ({
  page,
}) => {
  test.skip(!process.env.SMARTFORMER_FULL, 'takes four minutes without a GPU: npm run test:full')
  test.setTimeout(480_000)
  const workbench = new WorkbenchPage(page)
  await workbench.open()
  await enter(page)
  await expect(page.getByText('No run yet.')).toBeVisible()

  await test.step('one that runs through', async () => {
    await setUp(page, '4')
    await begin(page)
    await seesFinished(page)
    await expect(page.locator('.run-curve').first()).toBeVisible()
    await expect(page.getByRole('img', { name: /^masked L1 over the updates; last: AMIP \d/ })).toBeVisible()
    await seesNoTrainWorker(page)
  })
  const whole = await historyOf(page)
  expect(whole).toHaveLength(4)

  await test.step('what it has learnt is a model: with its teacher in the lab, a start for fine-tuning, a zip', () =>
    keepsModel(workbench))

  await test.step('one that a reload interrupts', async () => {
    // What came before is not of the run that is measured.
    await workbench.longTasks()
    await begin(page)
    await expect(page.getByTestId('run-whereabouts')).toContainText(/Saved at update [1-3]/, {
      timeout: 120_000,
    })
    const longest = Math.max(0, ...(await workbench.longTasks()))
    console.log(`longest task of the page while it trains: ${longest} ms`)
    await page.reload()
    await enter(page)
    await expect(listed(page).first()).toContainText(/stopped at [1-3] of 4 updates/)
    await listed(page).first().getByRole('button', { name: 'Continue' }).click()
    await seesFinished(page)
    await expect(page.getByText('no longer identical')).toHaveCount(0)
    expect(await historyOf(page)).toEqual(whole)
  })

  await test.step('one that learns from a file, which is asked for again', async () => {
    await setUp(page, '2')
    await page.getByText('Synthetic chests, made from seeds').click()
    const chooser = async (button: string, buffer: Buffer) => {
      const [files] = await Promise.all([
        page.waitForEvent('filechooser'),
        page.getByRole('button', { name: button }).click(),
      ])
      await files.setFiles([{ name: 'scan.nii.gz', mimeType: 'application/gzip', buffer }])
    }
    await chooser('Add scans', makeNifti())
    await expect(page.getByText('Choose whether this browser keeps a copy of the volumes.')).toBeVisible()
    await page.getByText('Ask for the same files again').click()
    await begin(page)
    await page.getByRole('button', { name: 'Stop and save' }).click({ timeout: 120_000 })
    await expect(page.getByText(/^Stopped and saved/)).toBeVisible({ timeout: 60_000 })
    await chooser('Choose its files', makeNifti(100))
    await expect(page.getByRole('alert').filter({ hasText: 'is not one of them' })).toContainText(
      '96 × 80 × 48 voxels of 3 × 3 × 5 mm',
    )
    await chooser('Choose its files', makeNifti())
    await seesFinished(page)
  })

  await test.step('passed on as one file, taken in again, and deleted', async () => {
    const [file] = await Promise.all([page.waitForEvent('download'), act(page, 0, 'Export as one file')])
    const bytes = readFileSync(await file.path())
    const [files] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.getByRole('button', { name: 'Import a run' }).click(),
    ])
    await files.setFiles([{ name: 'run.zip', mimeType: 'application/zip', buffer: bytes }])
    await expect(listed(page)).toHaveCount(4)
    await act(page, 0, 'Delete')
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect(listed(page)).toHaveCount(4)
    for (let left = 3; left >= 0; left--) {
      await act(page, 0, 'Delete')
      await expect(listed(page)).toHaveCount(left)
    }
    await page.getByText('Read', { exact: true }).click()
    const foldersLeft = () =>
      page.evaluate(async () => {
        const root = await navigator.storage.getDirectory()
        const names: string[] = []
        const training = await root.getDirectoryHandle('training', { create: true })
        for await (const name of training.keys()) names.push(name)
        return names
      })
    await expect.poll(foldersLeft).toEqual([])
    await seesNoTrainWorker(page)
  })
  expect(workbench.foreignRequests()).toEqual([])
})
