// A model's card, read.
import { useEffect, useState } from 'react'
import type { ModelEntry } from '../../worker/modelProtocol.ts'
import { useWorkbenchStore } from '../useWorkbench.ts'
import { Markdown } from './Markdown.tsx'
import { ReadingDialog } from '../ReadingDialog.tsx'

export function CardDialog({ model, onClose }: { model: ModelEntry; onClose: () => void }) {
  const { readModelCard } = useWorkbenchStore().getState()
  const [card, setCard] = useState<string>()
  useEffect(() => {
    let isGone = false
    void readModelCard(model).then(
      text => !isGone && setCard(text),
      (error: unknown) => !isGone && setCard(error instanceof Error ? error.message : String(error)),
    )
    return () => {
      isGone = true
    }
  }, [model, readModelCard])
  return (
    <ReadingDialog title="Model card" isWide isOpen onOpenChange={isOpen => !isOpen && onClose()}>
      {card === undefined ? <p className="secondary">Reading the card</p> : <Markdown text={card} />}
    </ReadingDialog>
  )
}
