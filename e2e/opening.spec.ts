import { expect, test } from '@playwright/test'
import { zipSync } from 'fflate'
import { CHEST_NRRD, IBSI_NIFTI, IBSI_ZIP, LIDC_ZIP, MHA_LUNG, isMissing, unpack } from './support/data.ts'
import { makeNifti } from './support/niftiFile.ts'
import { WorkbenchPage } from './support/page.ts'
import path from 'node:path'

const nifti = { name: 'phantom.nii.gz', mimeType: 'application/gzip', buffer: makeNifti() }
const textFile = {
  name: 'notes.txt',
  mimeType: 'text/plain',
  buffer: Buffer.from('These are notes, not a scan.\n'),
}

test('a NIfTI file opens in the lung window with its slices, spacing and letters', async ({ page }) => {
  const workbench = new WorkbenchPage(page)
  await workbench.open()
  await workbench.pickFiles(nifti)
  await workbench.seesScan()
  expect(await workbench.window()).toEqual({ width: 1500, level: -600 })
  expect(await workbench.letters('axial')).toEqual(['R', 'L', 'A', 'P'])
  expect(await workbench.letters('coronal')).toEqual(['R', 'L', 'S', 'I'])
  expect(await workbench.letters('sagittal')).toEqual(['P', 'A', 'S', 'I'])
  await expect(page.getByText('Axial 25/48')).toBeVisible()
  await expect(page.getByText('Research use — not for clinical use')).toBeVisible()
})

test('files dropped anywhere on the page open', async ({ page }) => {
  const workbench = new WorkbenchPage(page)
  await workbench.open()
  await workbench.drop([nifti])
  await workbench.seesScan()
})

test('a zip that holds a scan opens', async ({ page }) => {
  const workbench = new WorkbenchPage(page)
  await workbench.open()
  const zip = Buffer.from(zipSync({ 'case/phantom.nii.gz': new Uint8Array(nifti.buffer) }, { level: 0 }))
  await workbench.pickFiles({ name: 'case.zip', mimeType: 'application/zip', buffer: zip })
  await workbench.seesScan()
})

test('several series are offered to choose from, and the chosen one opens', async ({ page }) => {
  const workbench = new WorkbenchPage(page)
  await workbench.open()
  await workbench.pickFiles([nifti, { ...nifti, name: 'second.nii.gz' }])
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('row')).toHaveCount(3)
  await dialog.getByRole('button', { name: 'Open' }).click()
  await workbench.seesScan()
  await expect(page.getByRole('heading', { name: 'Other series' })).toBeVisible()
})

test('a text file is refused in a sentence and the open scan stays open', async ({ page }) => {
  const workbench = new WorkbenchPage(page)
  await workbench.open()
  await workbench.pickFiles(nifti)
  await workbench.seesScan()
  await workbench.pickFiles(textFile)
  await expect(page.getByRole('alert')).toContainText(/[a-z].*\./)
  await expect(page.getByText('The scan that was open is still open.')).toBeVisible()
  await expect(page.getByText('Axial 25/48')).toBeVisible()
  await workbench.press('Escape')
  await expect(page.getByRole('alert')).toHaveCount(0)
})

test('a truncated .nii.gz is refused in a sentence and the next good file opens', async ({ page }) => {
  const workbench = new WorkbenchPage(page)
  await workbench.open()
  await workbench.pickFiles({ ...nifti, buffer: nifti.buffer.subarray(0, nifti.buffer.length >> 1) })
  await expect(page.getByRole('alert')).toContainText(/[a-z].*\./)
  await workbench.pickFiles(nifti)
  await workbench.seesScan()
  await expect(page.getByRole('alert')).toHaveCount(0)
})

test('the demos, read and made, open, say that they are synthetic, and no request leaves the page’s origin', async ({
  page,
}) => {
  const workbench = new WorkbenchPage(page)
  await workbench.open()
  await page.getByRole('region', { name: 'Try the demo' }).getByRole('button').first().click()
  await workbench.seesScan()
  await expect(page.locator('.top-bar').getByText('SYNTHETIC', { exact: true })).toBeVisible()
  expect(workbench.requests.length).toBeGreaterThan(3)
  await page.getByRole('button', { name: 'Demo chest 2' }).click()
  await expect(page.getByText('Axial 59/116')).toBeVisible()
  await workbench.seesScan()
  await expect(page.locator('.top-bar').getByText('SYNTHETIC', { exact: true })).toBeVisible()
  expect(workbench.foreignRequests()).toEqual([])
})

test('a DICOM zip, LIDC-IDRI-0001, opens and its first slice is on screen', async ({ page }) => {
  test.skip(isMissing(LIDC_ZIP), 'needs ../shared/data/lidc-idri-0001/LIDC-IDRI-0001.zip')
  const workbench = new WorkbenchPage(page)
  await workbench.open()
  const started = Date.now()
  await workbench.pickFiles(LIDC_ZIP)
  await workbench.seesScan()
  const seconds = (Date.now() - started) / 1000
  await expect(page.getByText('Axial 67/133')).toBeVisible()
  const tasks = await workbench.longTasks()
  console.log(
    `LIDC-IDRI-0001: drop to first slice ${seconds.toFixed(1)} s, longest main-thread task ${Math.max(0, ...tasks)} ms, memory ${await workbench.memoryMb()} MB`,
  )
})

test('a DICOM folder, IBSI-1, opens at the same place with the same HU as its NIfTI', async ({ page }) => {
  test.skip(isMissing(IBSI_ZIP) || isMissing(IBSI_NIFTI), 'needs ../shared/data/ibsi-1-ct')
  const workbench = new WorkbenchPage(page)
  await workbench.open()
  const seen: string[] = []
  for (const open of [() => workbench.pickFiles(IBSI_NIFTI), () => workbench.pickFolder(unpack(IBSI_ZIP))]) {
    await open()
    const dialog = page.getByRole('dialog')
    await expect(dialog.or(page.locator('.case-panel'))).not.toHaveCount(0)
    await page.waitForTimeout(1500)
    if (await dialog.isVisible()) await dialog.getByRole('button', { name: 'Open' }).click()
    await workbench.seesScan()
    await expect(page.locator('.opening-notice')).toHaveCount(0)
    await expect(page.getByText('Axial 31/60')).toBeVisible()
    seen.push((await workbench.text('axial')).find(text => text.includes('HU'))!)
  }
  expect(seen[1]).toBe(seen[0])
})

test('MetaImage and NRRD open', async ({ page }) => {
  test.skip(isMissing(CHEST_NRRD) || isMissing(MHA_LUNG), 'needs ../shared/data/chest-64.nrrd and mha-lung')
  const workbench = new WorkbenchPage(page)
  await workbench.open()
  await workbench.pickFiles(CHEST_NRRD)
  await workbench.seesScan()
  await expect(page.locator('.facts')).toContainText('NRRD')
  await workbench.pickFiles(path.join(MHA_LUNG, '3DCT_lung_baseline.mha'))
  await expect(page.locator('.facts')).toContainText('MetaImage', { timeout: 60_000 })
})
