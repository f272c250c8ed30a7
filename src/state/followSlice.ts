// The lab's region that goes where the crosshair goes: once the crosshair rests, so that scrolling does not compute every slice.
import { openLabNetwork } from './labSlice.ts'
import type { SliceOf } from './store.ts'

export interface FollowSlice {
  readonly labFollows: boolean
  setLabFollows(follows: boolean): void
  /** The crosshair has moved: what is computed for the old place ends, the new place waits for it to rest. */
  followCrosshair(): void
}

/** A crosshair that stands this long is meant, ms. */
export const restMs = 250

export const createFollowSlice: SliceOf<FollowSlice> = () => (set, get) => {
  let timer: ReturnType<typeof setTimeout> | undefined

  function isAway(): boolean {
    const { labCrop, crosshairRasMm } = get()
    return labCrop !== null && String(labCrop.centreRasMm) !== String(crosshairRasMm)
  }

  return {
    labFollows: false,

    setLabFollows(labFollows) {
      set({ labFollows })
      clearTimeout(timer)
      if (labFollows && isAway()) get().placeLabCrop()
      else if (get().attention.kind === 'running') void get().computeAttention()
    },

    followCrosshair() {
      const { labFollows, mode } = get()
      if (!labFollows || mode !== 'explore' || !openLabNetwork(get()) || !isAway()) return
      clearTimeout(timer)
      get().awaitAttention('Waiting for the crosshair to rest')
      timer = setTimeout(() => {
        // Somebody may have pressed Cancel, switched it off, or opened another scan meanwhile.
        if (get().labFollows && get().attention.kind === 'running' && isAway()) get().placeLabCrop()
      }, restMs)
    },
  }
}
