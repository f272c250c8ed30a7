// The few cases that are open at once: the least recently used ones are closed when the memory budget is reached.
import { InputError } from '../../base/errors.ts'

export class CasePool<Open extends { readonly bytes: number }> {
  private readonly open = new Map<number, Promise<Open>>()
  private readonly sizes = new Map<number, number>()

  /** `onOpened` hears of every case that is opened, before a crop is taken from it; what it throws refuses the case. */
  constructor(
    private readonly source: { open(index: number): Promise<Open> },
    private readonly budgetBytes: number,
    private readonly onOpened: (index: number, opened: Open) => void = () => {},
  ) {}

  /** Bytes of the cases that are open. */
  get bytes(): number {
    return [...this.sizes.values()].reduce((sum, bytes) => sum + bytes, 0)
  }

  /** @throws InputError when the case alone is beyond the budget, or as its source does. */
  async take(index: number): Promise<Open> {
    const known = this.open.get(index)
    if (known) {
      // A Map remembers its order: what is used again goes to its end.
      this.open.delete(index)
      this.open.set(index, known)
      return known
    }
    const opening = this.source.open(index)
    this.open.set(index, opening)
    try {
      const opened = await opening
      if (opened.bytes > this.budgetBytes)
        throw new InputError(
          `A volume takes ${megabytes(opened.bytes)} MB of memory, but the run may use ${megabytes(this.budgetBytes)} MB; allow more memory, or leave it out.`,
        )
      this.onOpened(index, opened)
      this.sizes.set(index, opened.bytes)
      this.closeOldest(index)
      return opened
    } catch (error) {
      this.open.delete(index)
      throw error
    }
  }

  /** Lets go of every case. */
  clear(): void {
    this.open.clear()
    this.sizes.clear()
  }

  private closeOldest(newest: number): void {
    for (const index of [...this.open.keys()]) {
      if (this.bytes <= this.budgetBytes) return
      if (index === newest || !this.sizes.has(index)) continue
      this.open.delete(index)
      this.sizes.delete(index)
    }
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0)
}
