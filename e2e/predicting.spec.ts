import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, test } from '@playwright/test'
import { DEMO_MODEL, LIDC_ZIP, isMissing } from './support/data.ts'
import { WorkbenchPage } from './support/page.ts'

const needsModel = 'needs the demo model in public/models/demo'

async function openDemo(workbench: WorkbenchPage): Promise<void> {
  await workbench.open()
  await workbench.page.getByRole('region', { name: 'Try the demo' }).getByRole('button').first().click()
  await workbench.seesScan()
}

test('analysing the demo: findings move the views, are accepted, rejected, undone, and saved', async ({
  page,
}) => {
  test.skip(isMissing(DEMO_MODEL), needsModel)
  test.setTimeout(240_000)
  const workbench = new WorkbenchPage(page)
  await openDemo(workbench)
  await workbench.longTasks()
  const started = Date.now()
  await workbench.analyse()
  await expect(page.getByRole('progressbar')).toBeVisible()
  await expect(page.locator('.list-head h2').first()).toHaveText(/finding|No nodule/, { timeout: 200_000 })
  const tasks = await workbench.longTasks()
  console.log(
    `demo: analysed in ${((Date.now() - started) / 1000).toFixed(0)} s, longest main-thread task ${Math.max(0, ...tasks)} ms, memory ${await workbench.memoryMb()} MB`,
  )
  const findings = workbench.findings()
  expect(await findings.count()).toBeGreaterThan(0)

  const before = await workbench.text('axial')
  await findings
    .first()
    .getByRole('button', { name: /^Finding 1/ })
    .click()
  await expect.poll(() => workbench.text('axial')).not.toEqual(before)
  await expect(page.locator('.tile[data-plane=axial] .mark')).toContainText(['1'])

  await findings.first().getByRole('button', { name: 'Accept finding 1' }).click()
  await expect(findings.first()).toContainText('Accepted')
  await findings.first().getByRole('button', { name: 'Reject finding 1' }).click()
  await expect(findings.first()).toContainText('Rejected')
  await workbench.press('Control+z')
  await expect(findings.first()).toContainText('Accepted')
  await workbench.press('Control+Shift+z')
  await expect(findings.first()).toContainText('Rejected')

  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'findings.json' }).click()
  const saved = JSON.parse(readFileSync(await (await download).path(), 'utf8')) as {
    schemaVersion: number
    notice: string
    findings: { verdict: string }[]
  }
  expect(saved.schemaVersion).toBe(1)
  expect(saved.notice).toContain('not for clinical use')
  expect(saved.findings[0].verdict).toBe('rejected')
  const segmentation = page.waitForEvent('download')
  await page.getByRole('button', { name: 'segmentation.nii.gz' }).click()
  const nifti = gunzipSync(readFileSync(await (await segmentation).path()))
  expect(nifti.toString('latin1', 344, 347)).toBe('n+1')
  expect(nifti.subarray(352).some(label => label === 1)).toBe(true)
  expect(workbench.foreignRequests()).toEqual([])
})

test('a running analysis is cancelled at once and can be started again', async ({ page }) => {
  test.skip(isMissing(DEMO_MODEL), needsModel)
  const workbench = new WorkbenchPage(page)
  await openDemo(workbench)
  await workbench.analyse()
  await expect(page.getByRole('progressbar')).toBeVisible()
  await page.getByRole('button', { name: 'Cancel the analysis' }).click()
  await expect(page.getByRole('progressbar')).toHaveCount(0, { timeout: 1000 })
  await expect(page.locator('.status-now')).toHaveText('Ready', { timeout: 20_000 })
  await workbench.analyse()
  await expect(page.getByRole('progressbar')).toBeVisible()
  await workbench.press('Escape')
  await expect(page.getByRole('progressbar')).toHaveCount(0, { timeout: 1000 })
})

test('a real scan, LIDC-IDRI-0001, is analysed to its end', async ({ page }) => {
  test.skip(isMissing(DEMO_MODEL), needsModel)
  test.skip(isMissing(LIDC_ZIP), 'needs ../shared/data/lidc-idri-0001/LIDC-IDRI-0001.zip')
  test.setTimeout(300_000)
  const workbench = new WorkbenchPage(page)
  await workbench.open()
  await workbench.pickFiles(LIDC_ZIP)
  await workbench.seesScan()
  await workbench.longTasks()
  const started = Date.now()
  await workbench.analyse()
  await expect(page.locator('.list-head h2').first()).toHaveText(/finding|No nodule/, { timeout: 280_000 })
  const seconds = (Date.now() - started) / 1000
  const tasks = await workbench.longTasks()
  console.log(
    `LIDC-IDRI-0001: analysed in ${seconds.toFixed(0)} s, ${await page.locator('.list-head h2').first().innerText()}, longest main-thread task ${Math.max(0, ...tasks)} ms, memory ${await workbench.memoryMb()} MB`,
  )
})
