// Rendered crops that are used several times each. Rendering one costs as much as several updates of a small network, so
// a crop is drawn with a margin and seen from other offsets and mirrored; the bank slides along the run, so that no
// crop stays for long and a continued run can make again just those that it needs.
import type { Random } from '../phantom/random.ts'

/** Crops alive at once; neighbouring steps draw from these. */
export const bankSize = 128
/** Times that each is used on average. */
export const usesPerCrop = 8

export class CropBank<Crop> {
  private readonly crops = new Map<number, Crop>()

  /** `render` makes crop number k of a run; the same k must give the same crop. */
  constructor(
    private readonly render: (k: number) => Crop,
    private readonly alive = bankSize,
    private readonly uses = usesPerCrop,
  ) {}

  /** Crops alive now. */
  get size(): number {
    return this.crops.size
  }

  /** The crop of draw number `index` (0-based): one of the `alive` that slide along with it. */
  draw(index: number, random: Random): Crop {
    const first = Math.floor(index / this.uses)
    const k = first + random.below(this.alive)
    const known = this.crops.get(k)
    if (known) return known
    const crop = this.render(k)
    this.crops.set(k, crop)
    // Those that slid out of reach go; a Map remembers its order, but draws come in any.
    if (this.crops.size > 2 * this.alive)
      for (const old of this.crops.keys()) if (old < first) this.crops.delete(old)
    return crop
  }
}
