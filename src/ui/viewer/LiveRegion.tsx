// Spoken twin of the canvas: where the crosshair is and the HU there, said when it has come to rest.
import { useEffect, useState } from 'react'
import { formatHu, formatRas } from '../format.ts'
import { keyPlane } from '../useKeyboard.ts'
import { useAttentionHere } from '../lab/useLab.ts'
import { useWorkbench } from '../useWorkbench.ts'
import type { Frame } from './frame.ts'

const REST_MS = 600

export function LiveRegion({ frame }: { frame: Frame }) {
  const plane = useWorkbench(state => keyPlane(state.layout))
  const [said, setSaid] = useState('')
  const tile = frame.tiles.find(one => one.plane === plane)
  const slice = tile ? `${plane} slice ${tile.slice} of ${tile.sliceCount}, ` : ''
  const isExploring = useWorkbench(state => state.mode === 'explore')
  const here = useAttentionHere()
  const attention =
    isExploring && here ? `, attention ${here.value.toPrecision(3)}, rank ${here.rank} of ${here.tokens}` : ''
  const text = `${slice}${formatHu(frame.hu)} at ${formatRas(frame.rasMm)}${attention}`
  useEffect(() => {
    const timer = setTimeout(() => setSaid(text), REST_MS)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <p className="visually-hidden" aria-live="polite" data-testid="live">
      {said}
    </p>
  )
}
