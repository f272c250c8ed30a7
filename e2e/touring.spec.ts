import { expect, test } from '@playwright/test'
import { DEMO_MODEL, isMissing } from './support/data.ts'
import { WorkbenchPage } from './support/page.ts'

test('the guided tour: six steps by keys, each with what it speaks of in sight, to a reconstruction', async ({
  page,
}) => {
  test.skip(isMissing(DEMO_MODEL), 'needs the demo model in public/models/demo')
  test.setTimeout(240_000)
  const workbench = new WorkbenchPage(page)
  const lab = page.getByRole('complementary', { name: 'Attention lab' })
  const card = page.locator('.tour-card')
  const seesStep = async (step: number, title: string, section: string) => {
    await expect(card).toContainText(`${step} of 6`)
    await expect(card.getByRole('heading')).toHaveText(title)
    await expect(lab.getByRole('heading', { name: section })).toBeInViewport()
  }
  const choice = (name: string) =>
    lab.getByRole('radiogroup', { name: 'Whose attention' }).getByRole('radio', { name })
  const noise = lab.getByRole('switch', { name: 'Patch dropout, as the noisy teacher sees' })

  await workbench.open()
  await page.getByRole('button', { name: 'Guided tour' }).click()
  await workbench.seesScan()
  await seesStep(1, 'Learning without labels', 'Masks')
  // Twice the model's own crop: 8³ tokens, of which ⌊0.7 · 512⌋ − ⌊0.1 · 512⌋ are hidden.
  await expect(lab.getByTestId('mask-count')).toContainText('307 of 512 tokens hidden', { timeout: 60_000 })
  await page.keyboard.press('ArrowRight')
  await seesStep(2, 'What the network sees', 'Masks')
  await page.keyboard.press('ArrowRight')
  await seesStep(3, 'Where it looks', 'Semantic attention')
  await expect(choice('Student')).toBeChecked()
  await page.keyboard.press('ArrowRight')
  await seesStep(4, 'A teacher that sees less', 'Semantic attention')
  await expect(choice('Teacher')).toBeChecked()
  await expect(noise).toBeChecked()
  await page.keyboard.press('ArrowRight')
  await seesStep(5, 'Hide what matters, leave a hint', 'Masks')
  await expect(page.getByRole('button', { name: 'Attention-guided mask' })).toHaveAttribute(
    'aria-pressed',
    'true',
  )
  await page.keyboard.press('ArrowRight')
  await seesStep(6, 'Filling in, and what it is good for', 'Reconstruction')
  await expect(lab.getByTestId('masked-l1')).toContainText(/Masked L1 0\.\d+ \(\d+ HU\)/, { timeout: 60_000 })
  await expect(lab.getByText('Attention-guided mask, 307 tokens hidden')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(card).toBeHidden()

  // With the student's eyes the attention is another, and so is the mask by it: it is filled in anew.
  const behindTeachers = await lab.getByTestId('masked-l1').innerText()
  await choice('Student').check({ force: true })
  await expect(lab.getByTestId('masked-l1')).not.toHaveText(behindTeachers, { timeout: 60_000 })
  expect(workbench.foreignRequests()).toEqual([])
})
