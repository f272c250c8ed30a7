// The cases with their pictures, a page at a time: pictures are made as they are looked at.
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { Button } from 'react-aria-components'
import type { LabelledCase, LabelledSummary } from '../../../worker/labelledProtocol.ts'
import { formatMm } from '../../format.ts'
import { useHeld } from '../../lab/useHeld.ts'
import { useWorkbench } from '../../useWorkbench.ts'
import { SlicePicture } from '../pictures/SlicePicture.tsx'
import { diameterMm } from './cohortNumbers.ts'

const PAGE = 12

export function CaseGrid({ data }: { data: LabelledSummary }) {
  const [page, setPage] = useState(0)
  const show = useWorkbench(state => state.showCases)
  useWorkbench(state => state.thumbnailSerial)
  const last = Math.max(0, Math.ceil(data.cases.length / PAGE) - 1)
  const at = Math.min(page, last)
  const first = at * PAGE
  const count = Math.min(PAGE, data.cases.length - first)
  useEffect(() => {
    void show(Array.from({ length: count }, (_, i) => first + i))
  }, [show, first, count, data.cohortId])
  return (
    <>
      <ul className="case-grid" aria-label="Cases">
        {data.cases.slice(first, first + count).map((one, i) => (
          <li key={first + i}>
            <CasePicture index={first + i} one={one} classes={data.classes} />
          </li>
        ))}
      </ul>
      {last > 0 && (
        <div className="pager">
          <Button
            className="icon-button"
            aria-label="Cases before"
            isDisabled={at === 0}
            onPress={() => setPage(at - 1)}
          >
            <ChevronLeft size={15} />
          </Button>
          <span className="secondary figures">
            {first + 1} to {first + count} of {data.cases.length}
          </span>
          <Button
            className="icon-button"
            aria-label="Cases after"
            isDisabled={at === last}
            onPress={() => setPage(at + 1)}
          >
            <ChevronRight size={15} />
          </Button>
        </div>
      )}
    </>
  )
}

interface CasePictureProps {
  readonly index: number
  readonly one: LabelledCase
  readonly classes: readonly string[]
}

function CasePicture({ index, one, classes }: CasePictureProps) {
  const picture = useHeld().training.thumbnails.get(index)
  const slice = useMemo(() => {
    if (!picture) return undefined
    const { sizePx, grey, outline } = picture
    return { width: sizePx, height: sizePx, grey, rim: outline ?? undefined }
  }, [picture])
  const label = one.label === null ? 'no label' : classes[one.label]
  const size = one.volumeMm3 === null ? 'size unknown' : formatMm(diameterMm(one.volumeMm3))
  return (
    <figure className="crop-figure">
      {slice ? (
        <SlicePicture slice={slice} label={`${one.id}, ${label}, ${size}`} />
      ) : (
        <div className="picture-waiting" aria-hidden />
      )}
      <figcaption>
        <span className="case-id" title={one.id}>
          {one.id}
        </span>
        <span className="secondary">
          {label}
          {one.isIndeterminate ? '?' : ''}
        </span>
        <span className="secondary figures">{size}</span>
      </figcaption>
    </figure>
  )
}
