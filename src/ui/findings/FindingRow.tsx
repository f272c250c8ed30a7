// One finding in the list: number and colour, place, size, texture, probabilities, the reader's verdict.
import { Check, X } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { Button, ToggleButton } from 'react-aria-components'
import type { ClassProbability, Finding } from '../../prediction/finding.ts'
import type { Verdict } from '../../state/reviewSlice.ts'
import {
  capitalise,
  formatClasses,
  formatPercent,
  formatPlace,
  formatVolume,
  malignancyWords,
} from '../format.ts'
import { useWorkbench } from '../useWorkbench.ts'
import { findingCss } from '../viewer/palette.ts'
import { ReaderLabelChoice } from './ReaderLabelChoice.tsx'

interface FindingRowProps {
  readonly finding: Finding
  readonly index: number
  readonly verdict: Verdict | undefined
  readonly isSelected: boolean
}

export function FindingRow({ finding, index, verdict, isSelected }: FindingRowProps) {
  const select = useWorkbench(state => state.selectFinding)
  const accept = useWorkbench(state => state.acceptFinding)
  const reject = useWorkbench(state => state.rejectFinding)
  const row = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (isSelected) row.current?.scrollIntoView({ block: 'nearest' })
    // An accepted finding's row is taller.
  }, [isSelected, verdict])
  const number = index + 1
  return (
    <li ref={row} className={rowClass(verdict, isSelected)} aria-current={isSelected || undefined}>
      <Button
        className="finding-main"
        aria-label={describe(finding, number, verdict)}
        onPress={() => select(finding.id)}
      >
        <span className="finding-number" style={{ background: findingCss(index) }}>
          {number}
        </span>
        <span className="finding-text">
          <span className="finding-place">{formatPlace(finding)}</span>
          <span className="figures">
            {finding.longAxisMm.toFixed(1)} × {finding.shortAxisMm.toFixed(1)} mm,{' '}
            {formatVolume(finding.volumeMm3)}
          </span>
          <span className="secondary figures">
            {capitalise(finding.texture)}, nodule {formatPercent(finding.probability)}
            {verdict && <b className={`verdict ${verdict}`}> {capitalise(verdict)}</b>}
          </span>
        </span>
        <Rating finding={finding} />
        {isSelected && <OtherClasses finding={finding} />}
      </Button>
      <span className="finding-verdicts">
        <ToggleButton
          className="icon-button verdict-accept"
          aria-label={`Accept finding ${number}`}
          isSelected={verdict === 'accepted'}
          onChange={() => accept(finding.id)}
        >
          <Check size={15} />
        </ToggleButton>
        <ToggleButton
          className="icon-button verdict-reject"
          aria-label={`Reject finding ${number}`}
          isSelected={verdict === 'rejected'}
          onChange={() => reject(finding.id)}
        >
          <X size={15} />
        </ToggleButton>
      </span>
      {verdict === 'accepted' && <ReaderLabelChoice id={finding.id} number={number} />}
    </li>
  )
}

/** Malignancy where the model has such a class, else its most probable class, by the model's own label. */
function Rating({ finding: { malignancy, classes } }: { finding: Finding }) {
  if (malignancy !== null) return <Malignancy value={malignancy} />
  const best = likeliest(classes)
  if (!best || !classes) return <span className="malignancy secondary">not rated</span>
  return (
    <span
      className="malignancy"
      title={`${formatClasses(classes)}: the model’s probabilities, not a diagnosis`}
    >
      <b className="figures">{formatPercent(best.probability)}</b>
      <span className="secondary">{best.label}</span>
    </span>
  )
}

/** Of more than two classes the likeliest says little of the others. */
function OtherClasses({ finding: { malignancy, classes } }: { finding: Finding }) {
  if (malignancy !== null || !classes || classes.length < 3) return null
  return <span className="finding-classes secondary figures">{formatClasses(classes)}</span>
}

function likeliest(classes: Finding['classes']): ClassProbability | undefined {
  return classes?.reduce((best, one) => (one.probability > best.probability ? one : best))
}

function Malignancy({ value }: { value: number }) {
  return (
    <span className="malignancy" title="The model’s probability of malignancy, not a diagnosis">
      <b className="figures">{formatPercent(value)}</b>
      <span className="malignancy-bar" aria-hidden>
        <span style={{ width: `${Math.round(value * 100)}%` }} />
      </span>
      <span className="secondary">{malignancyWords(value)}</span>
    </span>
  )
}

function rowClass(verdict: Verdict | undefined, isSelected: boolean): string {
  return ['finding', verdict, isSelected && 'selected'].filter(Boolean).join(' ')
}

function describe(finding: Finding, number: number, verdict: Verdict | undefined): string {
  const { longAxisMm, shortAxisMm, malignancy, classes } = finding
  const size = `${longAxisMm.toFixed(1)} by ${shortAxisMm.toFixed(1)} millimetres`
  const rating =
    malignancy !== null
      ? `, malignancy ${formatPercent(malignancy)}, the model’s probability`
      : classes
        ? `, ${formatClasses(classes)}, the model’s probabilities`
        : ''
  return `Finding ${number}: ${formatPlace(finding)}, ${size}, ${finding.texture}${rating}${verdict ? `, ${verdict}` : ''}`
}
