import { expect, test } from '@playwright/test'
import { WorkbenchPage } from './support/page.ts'

test('this computer is tested against golden fixtures, on its adapter and on its CPU', async ({ page }) => {
  // Twenty fixtures with their gradients on a processor that plays graphics processor.
  test.setTimeout(400_000)
  const workbench = new WorkbenchPage(page)
  await workbench.open()
  const started = Date.now()
  await page.getByRole('button', { name: /^Runs on/ }).click()
  const dialog = page.getByRole('dialog', { name: 'This computer' })
  await dialog.getByRole('button', { name: 'Test this computer' }).click()
  await expect(dialog.getByRole('progressbar')).toBeVisible()
  await expect(dialog.getByRole('table')).toBeVisible({ timeout: 380_000 })
  console.log(`self-test: ${((Date.now() - started) / 1000).toFixed(0)} s`)
  await expect(dialog.getByRole('status')).toContainText('The CPU agrees in all 20 operations.')
  const rows = dialog.getByRole('row')
  await expect(rows).toHaveCount(21)
  await expect(dialog.getByText('disagrees')).toHaveCount(0)
  // Where the browser offers an adapter, SwiftShader's here, it is held to the same numbers.
  const hasAdapter = await page.evaluate(async () => !!(await navigator.gpu?.requestAdapter()))
  await expect(dialog.getByRole('status')).toContainText(
    hasAdapter
      ? 'The graphics processor agrees in all 20 operations.'
      : 'The graphics processor was not tested',
  )
  expect(workbench.foreignRequests()).toEqual([])
})

test('a self-test can be cancelled and started again', async ({ page }) => {
  test.setTimeout(120_000)
  const workbench = new WorkbenchPage(page)
  await workbench.open()
  await page.getByRole('button', { name: /^Runs on/ }).click()
  const dialog = page.getByRole('dialog', { name: 'This computer' })
  await dialog.getByRole('button', { name: 'Test this computer' }).click()
  await dialog.getByRole('button', { name: 'Cancel the test' }).click()
  await expect(dialog.getByRole('button', { name: 'Test this computer' })).toBeEnabled()
  await dialog.getByRole('button', { name: 'Close' }).click()
  await expect(dialog).toBeHidden()
})
