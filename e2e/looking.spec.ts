import { expect, test } from '@playwright/test'
import { makeNifti } from './support/niftiFile.ts'
import { WorkbenchPage } from './support/page.ts'

const nifti = { name: 'phantom.nii.gz', mimeType: 'application/gzip', buffer: makeNifti() }

async function openPhantom(workbench: WorkbenchPage): Promise<void> {
  await workbench.open()
  await workbench.pickFiles(nifti)
  await workbench.seesScan()
}

test('the patient’s right lies on the left of the screen and the front on top', async ({ page }) => {
  const workbench = new WorkbenchPage(page)
  await openPhantom(workbench)
  await workbench.press('a', '3')
  await expect.poll(() => workbench.sliceNumber('axial')).toBe(25)
  await expect(workbench.tile('coronal')).toBeHidden()
  // The phantom is 288 mm wide and 240 mm high; the view shows all of it, so one of the two fills its side. The view is
  // measured anew for each look, since it may still be growing into its new layout.
  const greyAt = async (rightMm: number, frontMm: number) => {
    const { width, height } = (await workbench.tile('axial').boundingBox())!
    const mmPerPixel = Math.max(288 / width, 240 / height)
    return workbench.greyAt('axial', 0.5 - rightMm / mmPerPixel / width, 0.5 - frontMm / mmPerPixel / height)
  }
  // Bone window 1800/400: 700 HU is grey 170, 300 HU 113, 40 HU 77, −850 HU 0. A little beside the crosshair's lines.
  await expect.poll(() => greyAt(99, -6)).toBeGreaterThan(150)
  expect(await greyAt(-99, -6)).toBeLessThan(110)
  const onTop = () => greyAt(-6, 88)
  await expect.poll(onTop).toBeGreaterThan(95)
  expect(await onTop()).toBeLessThan(135)
  expect(await greyAt(-6, -88)).toBeLessThan(95)
})

test('keys 1 to 5 set the window presets, and width and level can be typed', async ({ page }) => {
  const workbench = new WorkbenchPage(page)
  await openPhantom(workbench)
  await workbench.press('2')
  expect(await workbench.window()).toEqual({ width: 350, level: 50 })
  await workbench.press('3')
  expect(await workbench.window()).toEqual({ width: 1800, level: 400 })
  await workbench.press('4')
  expect(await workbench.window()).toEqual({ width: 150, level: 30 })
  await workbench.press('1')
  expect(await workbench.window()).toEqual({ width: 1500, level: -600 })
  const width = page.getByRole('textbox', { name: 'Window width in HU' })
  await width.fill('777')
  await width.press('Enter')
  expect((await workbench.window()).width).toBe(777)
  await expect(workbench.tile('axial')).toContainText('W 777')
})

test('a window can be picked from the menu', async ({ page }) => {
  const workbench = new WorkbenchPage(page)
  await openPhantom(workbench)
  await page.getByRole('button', { name: 'Window: Lung' }).click()
  await page.getByRole('menuitem', { name: 'Bone' }).click()
  expect(await workbench.window()).toEqual({ width: 1800, level: 400 })
})

test('arrows, Home, End, the wheel and the slider move through the slices, and the position is spoken', async ({
  page,
}) => {
  const workbench = new WorkbenchPage(page)
  await openPhantom(workbench)
  await workbench.press('ArrowUp', 'ArrowUp', 'ArrowUp')
  await expect.poll(() => workbench.sliceNumber('axial')).toBe(28)
  await workbench.press('End')
  await expect.poll(() => workbench.sliceNumber('axial')).toBe(48)
  await workbench.press('Home')
  await expect.poll(() => workbench.sliceNumber('axial')).toBe(1)
  const box = (await workbench.tile('axial').boundingBox())!
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await page.mouse.wheel(0, -120)
  await expect.poll(() => workbench.sliceNumber('axial')).toBe(2)
  const slider = page.getByRole('slider', { name: 'axial slice' })
  await slider.fill('9')
  await expect.poll(() => workbench.sliceNumber('axial')).toBe(10)
  await expect(slider).toHaveAttribute('aria-valuetext', /Slice 10 of 48/)
  await expect(page.getByTestId('live')).toContainText('axial slice 10 of 48')
})

test('planes and layouts change by key, and the crosshair is the same in all of them', async ({ page }) => {
  const workbench = new WorkbenchPage(page)
  await openPhantom(workbench)
  await workbench.press('c')
  await expect(workbench.tile('axial')).toHaveCount(0)
  await workbench.press('ArrowUp', 'ArrowUp')
  await expect.poll(() => workbench.sliceNumber('coronal')).toBe(43)
  await workbench.press('s')
  await expect(workbench.tile('sagittal')).toBeVisible()
  await page.getByRole('button', { name: 'Layout' }).click()
  await page.getByRole('menuitemradio', { name: '2×2 with 3-D' }).click()
  await expect(page.locator('.tile')).toHaveCount(4)
  expect(await workbench.sliceNumber('coronal')).toBe(43)
  await workbench.press('v')
  await expect(page.locator('.tile')).toHaveCount(1)
})

test('left drag windows, right drag zooms, middle drag pans, a click moves the crosshair, 0 resets', async ({
  page,
}) => {
  const workbench = new WorkbenchPage(page)
  await openPhantom(workbench)
  await workbench.press('a')
  const box = (await workbench.tile('axial').boundingBox())!
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  const drag = async (button: 'left' | 'middle' | 'right', dx: number, dy: number) => {
    await page.mouse.move(x, y)
    await page.mouse.down({ button })
    await page.mouse.move(x + dx, y + dy, { steps: 5 })
    await page.mouse.up({ button })
  }
  await drag('left', 60, 0)
  const windowed = await workbench.window()
  expect(windowed.width).toBeGreaterThan(1500)
  expect(windowed.level).toBe(-600)
  await drag('left', 0, 50)
  expect((await workbench.window()).level).toBeGreaterThan(-600)
  await drag('right', 0, -60)
  await expect(workbench.tile('axial')).toContainText(/1[5-9]\d %/)
  const lung = await workbench.greyAt('axial', 0.62, 0.5)
  await drag('middle', 150, 0)
  await expect.poll(() => workbench.greyAt('axial', 0.62, 0.5)).not.toBe(lung)
  await workbench.press('0')
  await expect(workbench.tile('axial')).not.toContainText('%')
  const before = await workbench.text('axial')
  await page.mouse.click(x + 90, y + 40)
  await expect.poll(() => workbench.text('axial')).not.toEqual(before)
})

test('the HU and the position under the cursor are shown', async ({ page }) => {
  const workbench = new WorkbenchPage(page)
  await openPhantom(workbench)
  await workbench.press('a')
  const box = (await workbench.tile('axial').boundingBox())!
  await page.mouse.move(box.x + box.width / 2 + 4, box.y + box.height / 2 + 4)
  await expect(page.getByTestId('cursor')).toContainText('40 HU')
  await expect(page.getByTestId('cursor')).toContainText(/R .* A .* S .* mm/)
})

test('NiiVue’s own mouse scheme can be chosen: a left click moves the crosshair', async ({ page }) => {
  const workbench = new WorkbenchPage(page)
  await openPhantom(workbench)
  await workbench.press('a')
  await page.getByRole('button', { name: 'Mouse: Radiology mouse' }).click()
  await page.getByRole('menuitemradio', { name: /NiiVue mouse/ }).click()
  const box = (await workbench.tile('axial').boundingBox())!
  const before = await workbench.text('axial')
  await page.mouse.click(box.x + box.width / 2 + 90, box.y + box.height / 2 + 40)
  await expect.poll(() => workbench.text('axial')).not.toEqual(before)
  expect(await workbench.window()).toEqual({ width: 1500, level: -600 })
})

test('? lists the keys and Escape closes the list', async ({ page }) => {
  const workbench = new WorkbenchPage(page)
  await openPhantom(workbench)
  await workbench.press('?')
  await expect(page.getByRole('dialog', { name: 'Keys and mouse' })).toBeVisible()
  await workbench.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
})
