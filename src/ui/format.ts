// Numbers and sentences as the reader sees them: one place, so that lists, overlays and speech agree.
import type { Finding } from '../prediction/finding.ts'

/** A true minus sign, and no "−0". */
function signed(text: string): string {
  return /^-0(\.0+)?$/.test(text) ? text.slice(1) : text.replace('-', '−')
}

export const formatHu = (hu: number): string => `${signed(String(Math.round(hu)))} HU`

export function formatHuRange({ min, max }: { readonly min: number; readonly max: number }): string {
  return `${signed(String(Math.round(min)))} to ${formatHu(max)}`
}

export const formatMm = (mm: number): string => `${signed(mm.toFixed(1))} mm`

/** RAS position with its letters: "R 12.3  A 4.5  S −100.1 mm". */
export function formatRas(rasMm: ArrayLike<number>): string {
  return `R ${signed(rasMm[0].toFixed(1))}  A ${signed(rasMm[1].toFixed(1))}  S ${signed(rasMm[2].toFixed(1))} mm`
}

/** The same on a line each, where a line is short. */
export function formatRasLines(rasMm: ArrayLike<number>): string {
  return ['R', 'A', 'S'].map((letter, axis) => `${letter} ${signed(rasMm[axis].toFixed(1))} mm`).join('\n')
}

export function formatWindow(window: { readonly widthHu: number; readonly levelHu: number }): string {
  return `W ${window.widthHu}  L ${signed(String(window.levelHu))}`
}

/** mm³ below 1 cm³, else cm³. */
export function formatVolume(volumeMm3: number): string {
  return volumeMm3 < 1000 ? `${Math.round(volumeMm3)} mm³` : `${(volumeMm3 / 1000).toFixed(1)} cm³`
}

export function formatPercent(fraction: number): string {
  const percent = Math.round(fraction * 100)
  if (percent >= 100 && fraction < 1) return '> 99 %'
  if (percent <= 0 && fraction > 0) return '< 1 %'
  return `${percent} %`
}

export function formatSeconds(seconds: number): string {
  if (seconds < 1) return '1 s'
  if (seconds < 90) return `${Math.round(seconds)} s`
  return `${Math.round(seconds / 60)} min`
}

export const formatMegabytes = (bytes: number): string =>
  bytes >= 1e10 ? `${(bytes / 1e9).toFixed(0)} GB` : `${Math.max(1, Math.round(bytes / 1e6))} MB`

export function formatShape([d, h, w]: readonly [number, number, number]): string {
  return `${w} × ${h} × ${d}`
}

export function formatSpacing([d, h, w]: readonly [number, number, number]): string {
  const digits = (mm: number) => String(Number(mm.toFixed(2)))
  return `${digits(w)} × ${digits(h)} × ${digits(d)} mm`
}

export const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

export function formatPlace({ side, zone }: Pick<Finding, 'side' | 'zone'>): string {
  return `${capitalise(side)} lung, ${zone} zone`
}

/** All classes of a model with their probabilities, the likeliest first. */
export function formatClasses(classes: NonNullable<Finding['classes']>): string {
  const sorted = [...classes].sort((a, b) => b.probability - a.probability)
  return sorted.map(({ label, probability }) => `${label} ${formatPercent(probability)}`).join(', ')
}

/** The model's probability in words of five equal steps: a reading aid, never a diagnosis. */
export function malignancyWords(probability: number): string {
  const words = ['very low', 'low', 'moderate', 'high', 'very high']
  return words[Math.min(4, Math.floor(probability * 5))]
}

/** "26 Nov, 23:41" of an ISO 8601 time, on this computer's clock. */
export function formatDateTime(iso: string): string {
  const date = new Date(iso)
  const options = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' } as const
  return Number.isNaN(date.getTime()) ? iso : date.toLocaleString('en-GB', options)
}
