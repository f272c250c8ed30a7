// A chart with its title and its file.
import { Download } from 'lucide-react'
import { useRef } from 'react'
import type { ReactNode, Ref } from 'react'
import { Button } from 'react-aria-components'
import { saveFile } from '../../saveFile.ts'
import { chartFile } from '../charts/chartInk.ts'

interface ChartBlockProps {
  readonly title: string
  readonly file: string
  readonly children: (ref: Ref<SVGSVGElement>) => ReactNode
}

export function ChartBlock({ title, file, children }: ChartBlockProps) {
  const chart = useRef<SVGSVGElement>(null)
  const save = () => {
    if (chart.current) saveFile(file, chartFile(chart.current))
  }
  return (
    <section>
      <div className="list-head">
        <h3>{title}</h3>
        <span className="top-space" />
        <Button className="button small" aria-label={`${title} as SVG`} onPress={save}>
          <Download size={13} aria-hidden /> SVG
        </Button>
      </div>
      {children(chart)}
    </section>
  )
}
