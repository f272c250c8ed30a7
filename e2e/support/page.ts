// The workbench as a reader meets it: what journeys do and see, in the page's own words.
import { expect } from '@playwright/test'
import type { Locator, Page } from '@playwright/test'

export type File = { name: string; mimeType: string; buffer: Buffer }

export class WorkbenchPage {
  readonly page: Page
  readonly requests: string[] = []

  constructor(page: Page) {
    this.page = page
    page.on('request', request => this.requests.push(request.url()))
  }

  /** Opens the page and records every main-thread task over 50 ms. */
  async open(): Promise<void> {
    await this.page.addInitScript(() => {
      const tasks: number[] = []
      Object.assign(window, { longTasks: tasks })
      new PerformanceObserver(list => {
        for (const entry of list.getEntries()) tasks.push(Math.round(entry.duration))
      }).observe({ entryTypes: ['longtask'] })
    })
    await this.page.goto('./')
    await expect(this.page.getByRole('heading', { name: 'Open a CT' })).toBeVisible()
  }

  async pickFiles(files: string | string[] | File | File[]): Promise<void> {
    await this.page.locator('input[type=file]:not([webkitdirectory])').first().setInputFiles(files)
  }

  async pickFolder(folder: string): Promise<void> {
    await this.page.locator('input[type=file][webkitdirectory]').first().setInputFiles(folder)
  }

  /** Drops files on the page as the desktop does. */
  async drop(files: File[]): Promise<void> {
    const plain = files.map(({ name, buffer }) => ({ name, base64: buffer.toString('base64') }))
    const transfer = await this.page.evaluateHandle(list => {
      const data = new DataTransfer()
      for (const { name, base64 } of list)
        data.items.add(new File([Uint8Array.from(atob(base64), char => char.charCodeAt(0))], name))
      return data
    }, plain)
    for (const type of ['dragenter', 'dragover', 'drop'])
      await this.page.dispatchEvent('.app', type, { dataTransfer: transfer })
  }

  async seesScan(timeout = 60_000): Promise<void> {
    await expect(this.tile('axial').locator('.letter').first()).toBeVisible({ timeout })
  }

  tile(plane: 'axial' | 'coronal' | 'sagittal'): Locator {
    return this.page.locator(`.tile[data-plane=${plane}]`)
  }

  /** Puts the crosshair into the middle of the axial view, and the lab's region there. */
  async looksIntoTheMiddle(): Promise<void> {
    const box = (await this.tile('axial').boundingBox())!
    await this.page.mouse.click(box.x + box.width / 2, box.y + box.height / 2)
    await this.page.getByRole('button', { name: 'Use the crosshair here' }).click()
  }

  /** What stands in a view's corners: slice number, window, HU and position. */
  text(plane: 'axial' | 'coronal' | 'sagittal'): Promise<string[]> {
    return this.tile(plane).locator('.tile-text').allInnerTexts()
  }

  letters(plane: 'axial' | 'coronal' | 'sagittal'): Promise<string[]> {
    return this.tile(plane).locator('.letter').allInnerTexts()
  }

  async sliceNumber(plane: 'axial' | 'coronal' | 'sagittal'): Promise<number> {
    const text = await this.tile(plane).locator('.bottom-left').innerText()
    return Number(/(\d+)\/\d+/.exec(text)?.[1])
  }

  async window(): Promise<{ width: number; level: number }> {
    const value = async (name: string) => Number(await this.page.getByRole('textbox', { name }).inputValue())
    return { width: await value('Window width in HU'), level: await value('Window level in HU') }
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key)
  }

  /** The grey (0…255) that is drawn at a place of a view, given as fractions of its width and height. */
  async greyAt(plane: 'axial' | 'coronal' | 'sagittal', x: number, y: number): Promise<number> {
    const box = (await this.tile(plane).boundingBox())!
    const clip = {
      x: Math.round(box.x + box.width * x),
      y: Math.round(box.y + box.height * y),
      width: 3,
      height: 3,
    }
    const png = await this.page.screenshot({ clip })
    return this.page.evaluate(async base64 => {
      const bytes = Uint8Array.from(atob(base64), char => char.charCodeAt(0))
      const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
      const context = canvas.getContext('2d')!
      context.drawImage(bitmap, 0, 0)
      const [red, green, blue] = context.getImageData(1, 1, 1, 1).data
      return Math.round((red + green + blue) / 3)
    }, png.toString('base64'))
  }

  analyse(): Promise<void> {
    return this.page.getByRole('button', { name: /^Analyse/ }).click()
  }

  findings(): Locator {
    return this.page.getByRole('list', { name: 'Findings' }).getByRole('listitem')
  }

  async longTasks(): Promise<number[]> {
    return this.page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks.splice(0))
  }

  /** Memory of the page with its workers, MB, where the browser tells. */
  memoryMb(): Promise<number> {
    return this.page.evaluate(async () => {
      const { bytes } = await (
        performance as unknown as { measureUserAgentSpecificMemory(): Promise<{ bytes: number }> }
      ).measureUserAgentSpecificMemory()
      return Math.round(bytes / 1e6)
    })
  }

  /** Requests that left the page's own origin. */
  foreignRequests(): string[] {
    const own = new URL(this.page.url()).origin
    return this.requests.filter(
      url => !url.startsWith(own) && !url.startsWith('blob:') && !url.startsWith('data:'),
    )
  }
}
