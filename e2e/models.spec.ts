import { readFileSync } from 'node:fs'
import { expect, test, type Page } from '@playwright/test'
import { unzipSync, zipSync } from 'fflate'
import { DEMO_MODEL, isMissing } from './support/data.ts'
import { WorkbenchPage, type File } from './support/page.ts'
import { makeSlab } from './support/slab.ts'

const models = (page: Page) => page.getByRole('region', { name: 'Models' })
const own = (page: Page) => models(page).getByRole('listitem').filter({ hasText: 'Own' })

async function choose(page: Page, item: ReturnType<typeof own>, action: string): Promise<void> {
  await item.getByRole('button', { name: /^More/ }).click()
  await page.getByRole('menuitem', { name: action }).click()
}

const zipFile = (name: string, buffer: Buffer): File => ({ name, mimeType: 'application/zip', buffer })

test('a model taken away comes back as another’s: added, used, named in every result, undone, deleted', async ({
  page,
}) => {
  test.skip(isMissing(DEMO_MODEL), 'needs the demo model in public/models/demo')
  const workbench = new WorkbenchPage(page)
  await workbench.open()
  await workbench.drop([makeSlab()])
  await workbench.seesScan()

  const download = page.waitForEvent('download')
  await choose(page, models(page).getByRole('listitem').first(), 'Take away as zip')
  const packed = readFileSync(await (await download).path())
  const files = unzipSync(packed)
  expect(Object.keys(files)).toEqual(['model.json', 'weights.safetensors', 'card.md'])

  await workbench.drop([zipFile('half.zip', packed.subarray(0, 5000)), zipFile('x.safetensors', packed)])
  await expect(page.getByRole('dialog').getByRole('alert')).toContainText('not a complete zip archive')
  await page.getByRole('button', { name: 'Close' }).click()
  await workbench.drop([zipFile('damaged.zip', damage(packed))])
  await expect(page.getByRole('dialog').getByRole('alert')).toContainText('not the ones that the description')
  await page.getByRole('button', { name: 'Close' }).click()

  const manifest = JSON.parse(Buffer.from(files['model.json']).toString()) as Record<string, unknown>
  const other = { ...manifest, name: 'theirs', title: 'Theirs', version: '9.1.0' }
  const zip = zipSync({ ...files, 'model.json': Buffer.from(JSON.stringify(other)) }, { level: 0 })
  await workbench.drop([zipFile('theirs.zip', Buffer.from(zip))])
  await expect(page.getByRole('dialog')).toContainText('Theirs 9.1.0')
  await page.getByRole('button', { name: 'Add and use' }).click()
  await expect(page.locator('.top-bar .badge-own')).toHaveText('OWN MODEL Theirs 9.1.0')
  const hash = (await own(page).locator('[title]').first().getAttribute('title'))!

  await workbench.analyse()
  await expect(page.locator('.list-head h2').first()).toHaveText(/finding|No nodule/, { timeout: 60_000 })
  await expect(page.locator('.findings-panel')).toContainText('Made by OWN MODEL Theirs 9.1.0')
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: 'findings.json' }).click()
  const result = JSON.parse(readFileSync(await (await saved).path(), 'utf8')) as {
    model: { name: string; version: string; sha256: string }
    warnings: string[]
  }
  expect(result.model).toEqual({ name: 'theirs', version: '9.1.0', sha256: hash })
  expect(result.warnings[0]).toContain('Own model')

  await page.getByRole('button', { name: 'Back to the shipped model' }).click()
  await expect(page.locator('.top-bar .badge-own')).toHaveCount(0)
  await expect(page.locator('.findings-panel')).toContainText('not by the model that is chosen now')

  await page.reload()
  await page.getByRole('button', { name: /^Models;/ }).click()
  await expect(own(page)).toContainText('Theirs 9.1.0')
  await choose(page, own(page), 'Delete')
  await expect(own(page)).toHaveCount(0)
  await models(page).getByRole('button', { name: 'Bring it back' }).click()
  await expect(own(page)).toContainText(hash.slice(0, 12))
  expect(workbench.foreignRequests()).toEqual([])
})

/** One byte of the weights is another. */
function damage(zip: Buffer): Buffer {
  const bytes = Buffer.from(zip)
  bytes[Math.floor(bytes.length / 2)] ^= 1
  return bytes
}
