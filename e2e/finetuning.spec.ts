import { readFileSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import type { Page } from '@playwright/test'
import type { FindingsFile } from '../src/prediction/finding.ts'
import { DEMO_MODEL, isMissing } from './support/data.ts'
import { ballScan, labelledZip, phantomZip } from './support/labelledFiles.ts'
import type { File } from './support/page.ts'
import { WorkbenchPage } from './support/page.ts'
import { makeSlab } from './support/slab.ts'

const ball = (id: string, radiusMm: number) => ({ id, radiusMm })
const tableOf = (labels: readonly (readonly [string, string])[]) =>
  ['id,label', ...labels.map(row => row.join(','))].join('\n')

async function enterTraining(page: Page): Promise<WorkbenchPage> {
  const workbench = new WorkbenchPage(page)
  await workbench.open()
  await page.getByText('Train', { exact: true }).click()
  return workbench
}

/** Drops labelled files on the panel's section for them. */
async function dropLabelled(page: Page, file: File): Promise<void> {
  const transfer = await page.evaluateHandle(
    ({ name, base64 }) => {
      const data = new DataTransfer()
      data.items.add(new File([Uint8Array.from(atob(base64), char => char.charCodeAt(0))], name))
      return data
    },
    { name: file.name, base64: file.buffer.toString('base64') },
  )
  for (const type of ['dragenter', 'dragover', 'drop'])
    await page.dispatchEvent('[data-drop="labelled"]', type, { dataTransfer: transfer })
}

const head = (page: Page) => page.getByTestId('cohort-head')
const setUp = (page: Page) => page.getByRole('group', { name: 'Set-up' })

async function type(page: Page, name: string, value: string): Promise<void> {
  const field = page.getByRole('textbox', { name, exact: true })
  await field.fill(value)
  await field.press('Tab')
}

test('labelled data that cannot be trained on is refused in sentences', async ({ page }) => {
  await enterTraining(page)
  const sizes = [3, 4, 5, 6].map((radius, i) => ball(`n${i}`, radius))

  await test.step('one class only', async () => {
    await dropLabelled(page, labelledZip(sizes, tableOf(sizes.map(({ id }) => [id, 'benign'] as const))))
    await expect(head(page)).toContainText('4 cases', { timeout: 60_000 })
    // Masks are there: outlines can be learnt, classes cannot.
    await page.getByText('Classify', { exact: true }).click()
    await expect(page.getByText(/at least two classes/)).toBeVisible()
    await expect(setUp(page)).toHaveCount(0)
  })

  await test.step('two cases only', async () => {
    await dropLabelled(
      page,
      labelledZip(
        sizes.slice(0, 2),
        tableOf([
          ['n0', 'benign'],
          ['n1', 'malignant'],
        ]),
      ),
    )
    await expect(head(page)).toContainText('2 cases')
    await page.getByText('Outline', { exact: true }).click()
    await expect(page.getByText(/There are 2 cases with a mask, of 2 patients; at least 3/)).toBeVisible()
  })

  await test.step('labels without files, and a mask on another grid', async () => {
    const cases = [...sizes.slice(0, 3), { ...sizes[3], maskShiftMm: 400 }]
    const labels = [...sizes.map(({ id }, i) => [id, i % 2 ? 'b' : 'a'] as const), ['gone', 'a'] as const]
    await dropLabelled(page, labelledZip(cases, tableOf(labels)))
    await page.getByRole('button', { name: /left out$/ }).click()
    const leftOut = page.locator('.sentences').first()
    await expect(leftOut).toContainText('gone')
    await expect(leftOut).toContainText('n3')
  })
})

/** Seeds that the shipped models were not trained on. */
const SEEDS = Array.from({ length: 11 }, (_, i) => 20_000 + i)

async function setUpOutlines(page: Page, epochs: number): Promise<void> {
  await dropLabelled(page, phantomZip(SEEDS))
  await expect(head(page)).toContainText(/cases/, { timeout: 60_000 })
  await page.getByText('Outline', { exact: true }).click()

  await page.getByRole('button', { name: 'Advanced' }).click()
  await page.getByText('Head only', { exact: true }).click()
  await expect(page.getByRole('radio', { name: 'Head only' })).toBeChecked()
  await page.getByText('Hold-out', { exact: true }).click()
  await type(page, 'For early stopping', '9')
  await type(page, 'Test, opened once', '45')
  await type(page, 'Epochs', String(epochs))
  await type(page, 'Batch', '5')
  await type(page, 'Averaging of weights', '0')
  await expect(page.getByTestId('finetune-forecast')).toBeVisible()
}

/** Nothing of patients is kept without an answer; files that do not say that they are synthetic may be of patients. */
async function train(page: Page, keeps: boolean): Promise<void> {
  const button = page.getByRole('button', { name: 'Train', exact: true })
  await expect(button).toBeDisabled()
  await page.getByText(keeps ? /^Keep a box around each lesion/ : /^Keep none/).click()
  await button.click()
}

const badge = (page: Page) => page.locator('.top-bar .badge-own')
const listed = (page: Page) => page.getByRole('list', { name: 'Runs' }).getByRole('listitem')
const seesWeights = async (page: Page) => {
  await expect(page.getByTestId('finetune-weights')).toBeVisible({ timeout: 120_000 })
  return page.getByTestId('finetune-weights').innerText()
}

test('a fine-tuning that a reload interrupts ends with the same weights, and its result is kept, used and undone', async ({
  page,
}) => {
  test.skip(isMissing(DEMO_MODEL), 'needs the shipped models in public/models')
  test.setTimeout(300_000)
  const sizes = Array.from({ length: 10 }, (_, i) => ball(`n${i}`, 3 + i / 2))
  const cases = labelledZip(
    sizes,
    tableOf(sizes.map(({ id }, i) => [id, i % 2 ? 'large' : 'small'] as const)),
  )
  const setUpHead = async () => {
    await dropLabelled(page, cases)
    await expect(head(page)).toContainText('10 cases', { timeout: 60_000 })
    await page.getByRole('button', { name: 'Advanced' }).first().click()
    await page.getByText('Head only', { exact: true }).click()
    await expect(page.getByRole('radio', { name: 'Head only' })).toBeChecked()
    await page.getByText('Hold-out', { exact: true }).click()
    await type(page, 'Epochs', '5')
    await type(page, 'Batch', '2')
    await expect(page.getByTestId('finetune-forecast')).toBeVisible()
  }
  const openScan = page.getByRole('region', { name: 'The open scan' })
  const workbench = await enterTraining(page)
  await setUpHead()
  await train(page, false)
  const whole = await seesWeights(page)

  // The worker ends with its run, and all its memory with it.
  const trainWorkers = () => page.workers().filter(worker => worker.url().includes('train.worker'))
  await expect.poll(() => trainWorkers().length).toBe(0)

  await test.step('another run of the same, which also shows the open scan every epoch, is paused', async () => {
    await workbench.drop([ballScan(sizes[3])])
    await expect(
      page.getByText(/^Every epoch also shows the open scan where it is one of the cases/),
    ).toBeVisible()
    await page.getByRole('button', { name: 'Train', exact: true }).click()
    await expect(openScan).toContainText('truth: large', { timeout: 120_000 })
    await expect(openScan).toContainText(/learns from this scan|does not learn from it/)
    await page.getByRole('button', { name: 'Pause' }).click()
    await expect(page.getByText('Paused, saved')).toBeVisible({ timeout: 60_000 })
  })
  await test.step('a second tab sees it, says whose it is, and can neither continue nor delete it', async () => {
    const second = await page.context().newPage()
    await second.goto('./')
    await second.getByText('Train', { exact: true }).click()
    await expect(listed(second).first()).toContainText(/open in another tab, \d+ of \d+ updates saved/)
    await expect(second.getByText(/Another tab of this browser is training this run/)).toBeVisible()
    await expect(listed(second).first().getByRole('button', { name: 'Continue' })).toHaveCount(0)
    await listed(second)
      .first()
      .getByRole('button', { name: /^More about/ })
      .click()
    await expect(second.getByRole('menuitem', { name: 'Delete' })).toBeDisabled()
    await second.close()
  })
  await test.step('it goes on from its pause, and is left in the middle of an epoch', async () => {
    await page.getByRole('button', { name: 'Resume' }).click()
    await expect(page.getByText('Training', { exact: true }).first()).toBeVisible()
    await page.reload()
    await page.getByText('Train', { exact: true }).click()
    await expect(listed(page).first()).toContainText(/stopped at \d+ of \d+ updates/)
  })
  await test.step('it keeps no case, so it asks for them', async () => {
    await listed(page).first().getByRole('button', { name: 'Continue' }).click()
    await expect(page.getByText(/keeps no copy of its cases/).first()).toBeVisible()
  })
  await test.step('with the same cases it ends with the same weights', async () => {
    await dropLabelled(page, cases)
    await expect(head(page)).toContainText('10 cases', { timeout: 60_000 })
    await listed(page).first().getByRole('button', { name: 'Continue' }).click()
    await expect(openScan).toContainText('truth: large', { timeout: 120_000 })
    await expect(listed(page).first()).toContainText('finished', { timeout: 120_000 })
    expect(await seesWeights(page)).toBe(whole)
  })
  await test.step('its result is a model of its own, which rates what it has learnt and nothing else', async () => {
    await page.getByRole('button', { name: 'Keep as a model' }).click()
    const kept = await page.getByTestId('kept-identity').innerText()
    await page.getByRole('button', { name: 'Use it now' }).click()
    await expect(badge(page)).toHaveText('OWN MODEL my-classify-head 1.0.0')
    await workbench.drop([makeSlab()])
    await workbench.seesScan()
    await page.getByText('Read', { exact: true }).click()
    const panel = page.locator('.findings-panel')
    await expect(panel).toContainText('This model’s classes: large, small. It rates no malignancy.')
    await workbench.analyse()
    await expect(page.locator('.list-head h2').first()).toHaveText(/finding|No nodule/, { timeout: 60_000 })
    await expect(panel).toContainText('Made by OWN MODEL my-classify-head 1.0.0')
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'findings.json' }).click()
    const { model, findings } = JSON.parse(readFileSync(await (await saved).path(), 'utf8')) as FindingsFile
    expect(model.sha256.slice(0, 12)).toBe(kept)
    expect(findings.length).toBeGreaterThan(0)
    for (const { malignancy, classes } of findings) {
      expect(malignancy).toBeNull()
      expect(classes?.map(({ label }) => label)).toEqual(['large', 'small'])
    }
  })
  await test.step('and is undone', async () => {
    await page.getByText('Train', { exact: true }).click()
    await page.getByRole('button', { name: 'Back to the start model' }).click()
    await expect(badge(page)).toHaveCount(0)
    await expect(page.getByRole('button', { name: 'Use it now' })).toBeVisible()
  })
  await test.step('a deleted run stays deleted, although the page is left while it can still be taken back', async () => {
    await expect(listed(page)).toHaveCount(2)
    await listed(page)
      .first()
      .getByRole('button', { name: /^More about/ })
      .click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await expect(page.getByText(/is deleted\./)).toBeVisible()
    await page.reload()
    await page.getByText('Train', { exact: true }).click()
    await expect(listed(page)).toHaveCount(1)
  })
  expect(workbench.foreignRequests()).toEqual([])
})

test('a segmentation head trained on five chests outlines five others better than before', async ({
  page,
}) => {
  test.skip(isMissing(DEMO_MODEL), 'needs the shipped models in public/models')
  test.skip(!process.env.SMARTFORMER_FULL, 'takes minutes without a GPU: npm run test:full')
  test.setTimeout(240_000)
  const workbench = await enterTraining(page)
  await setUpOutlines(page, 12)
  const started = Date.now()
  await train(page, true)
  await expect(page.getByTestId('finetune-weights')).toBeVisible({ timeout: 200_000 })
  console.log(`trained and judged in ${Math.round((Date.now() - started) / 1000)} s`)
  const dice = page
    .getByRole('table', { name: 'Figures of the outlines' })
    .getByRole('row', { name: /^Dice/ })
  const text = await dice.innerText()
  console.log(text)
  const [trained, start] = [...text.matchAll(/(\d\.\d+) \[/g)].map(([, value]) => Number(value))
  expect(trained).toBeGreaterThan(start)
  await test.step('the worst case is a click away from its scan, with both outlines', async () => {
    const worst = page.getByRole('list', { name: 'Worst cases' }).getByRole('button').first()
    const name = await worst.locator('.case-id').innerText()
    await worst.click()
    const card = page.getByRole('region', { name: 'The case' })
    await expect(card).toContainText(name)
    await expect(card).toContainText('truth')
    await expect(card).toContainText('what the model outlines')
    await workbench.seesScan()
    // The lesion lies in the middle of its 64 slices.
    expect(Math.abs((await workbench.sliceNumber('axial')) - 33)).toBeLessThan(4)
  })
  await test.step('after a reload it asks for its data, and opens it', async () => {
    await page.reload()
    await page.getByText('Train', { exact: true }).click()
    const worst = page.getByRole('list', { name: 'Worst cases' }).getByRole('button').first()
    await worst.click()
    await expect(page.getByTestId('choose-again')).toContainText('not open any more')
    const chooser = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Its files or zip' }).click()
    await (await chooser).setFiles(phantomZip(SEEDS))
    await expect(page.getByRole('region', { name: 'The case' })).toContainText('what the model outlines', {
      timeout: 60_000,
    })
  })
  expect(workbench.foreignRequests()).toEqual([])
})
