// A tooltip around one control.
import type { ReactElement } from 'react'
import { Tooltip, TooltipTrigger } from 'react-aria-components'

export function Hint({ text, children }: { text: string; children: ReactElement }) {
  return (
    <TooltipTrigger delay={500} closeDelay={80}>
      {children}
      <Tooltip className="hint" offset={6}>
        {text}
      </Tooltip>
    </TooltipTrigger>
  )
}
