// All keys and what the mouse does.
import { ReadingDialog, type Openness } from './ReadingDialog.tsx'

const KEYS: readonly (readonly [string, string])[] = [
  ['1 … 5', 'Window: lung, mediastinum, bone, liver, the file’s own'],
  ['A  C  S', 'Axial, coronal, sagittal'],
  ['V', 'Next layout'],
  ['↑ ↓  or  ← →', 'Previous or next slice'],
  ['Page ↑ ↓', 'Ten slices'],
  ['Home  End', 'First, last slice'],
  ['F  Shift+F', 'Next, previous finding'],
  ['Enter', 'Accept the finding'],
  ['Delete', 'Reject the finding'],
  ['Space', 'Overlay on or off'],
  ['0', 'Reset zoom and position'],
  ['+  −', 'Zoom'],
  ['Ctrl+Z  Ctrl+Shift+Z', 'Undo, redo'],
  ['←  →  in the tour', 'Previous or next step'],
  ['Esc', 'Cancel or close'],
  ['?', 'This list'],
]

const MOUSE: readonly (readonly [string, string])[] = [
  ['Wheel', 'Slices'],
  ['Left click', 'Moves the crosshair there'],
  ['Left drag', 'Window: sideways width, up and down level'],
  ['Middle drag', 'Pan'],
  ['Right drag', 'Zoom'],
  ['Double click', 'One view, and back'],
  ['Left drag in 3-D', 'Turns'],
]

export function HelpDialog(openness: Openness) {
  return (
    <ReadingDialog title="Keys and mouse" {...openness}>
      <div className="help-columns">
        <KeyList title="Keys" rows={KEYS} />
        <KeyList title="Mouse, radiology scheme" rows={MOUSE} />
      </div>
    </ReadingDialog>
  )
}

function KeyList({ title, rows }: { title: string; rows: readonly (readonly [string, string])[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl className="key-list">
        {rows.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
