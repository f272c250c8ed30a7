// What the two outlines of a case are: by colour and by stroke.
interface OutlineLegendProps {
  readonly hasTruth: boolean
  readonly hasOutline: boolean
}

export function OutlineLegend({ hasTruth, hasOutline }: OutlineLegendProps) {
  if (!hasTruth && !hasOutline) return null
  return (
    <p className="outline-legend">
      {hasTruth && (
        <span>
          <span className="stroke truth" aria-hidden /> truth
        </span>
      )}
      {hasOutline && (
        <span>
          <span className="stroke predicted" aria-hidden /> what the model outlines
        </span>
      )}
    </p>
  )
}
