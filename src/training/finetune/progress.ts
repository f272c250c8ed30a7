// What early stopping knows, as numbers that a save holds: of the part that is trained now, and how long each part that
// has ended was best trained.
import type { ParameterShapes, ParameterValues } from '../../network/parameters.ts'

/** Larger than any loss; infinity would not be a number that a save may hold. */
const noLoss = Math.fround(1e30)

export class PartProgress {
  readonly shapes: ParameterShapes
  readonly values: ParameterValues

  constructor(parts: number, saved?: ParameterValues) {
    this.shapes = { watch: [3], epochs: [parts] }
    this.values = {
      // Best loss, epochs without a better one, the best epoch.
      watch: saved?.watch.slice() ?? Float32Array.of(noLoss, 0, 0),
      epochs: saved?.epochs.slice() ?? new Float32Array(parts),
    }
  }

  begin(): void {
    this.values.watch.set([noLoss, 0, 0])
  }

  /** Notes an epoch's loss. @returns whether it is the best so far. */
  note(loss: number, epoch: number): boolean {
    const { watch } = this.values
    if (loss < watch[0]) {
      watch.set([loss, 0, epoch])
      return true
    }
    watch[1]++
    return false
  }

  get epochsWithoutBetter(): number {
    return this.values.watch[1]
  }

  /** A part has ended; `epochs` it was trained, or those of its best epoch. */
  end(part: number, epochs = this.values.watch[2] + 1): void {
    this.values.epochs[part] = epochs
  }

  /** Median over the parts that have ended. */
  medianEpochs(): number {
    const known = [...this.values.epochs].filter(epochs => epochs > 0).sort((a, b) => a - b)
    return known[Math.floor(known.length / 2)] ?? 1
  }
}
