// Keeping what a run has learnt as a model: its name and version, and what it is called once it is kept.
import { useState, type ReactNode } from 'react'
import { Button, Input, Label, TextField } from 'react-aria-components'
import type { KeptModel } from '../../../state/keepModel.ts'
import type { ModelEntry } from '../../../worker/modelProtocol.ts'
import { Failed } from '../../Failed.tsx'

interface KeepFormProps {
  readonly kept: KeptModel
  /** The name that stands there first. */
  readonly suggestion: string
  readonly keep: (name: string, version: string) => Promise<void>
}

export function KeepForm({ kept, suggestion, keep }: KeepFormProps) {
  const [name, setName] = useState(suggestion)
  const [version, setVersion] = useState('1.0.0')
  return (
    <form
      className="train-form"
      aria-label="Keep as a model"
      onSubmit={event => {
        event.preventDefault()
        void keep(name, version)
      }}
    >
      <TextField className="form-row" value={name} onChange={setName} isRequired>
        <Label>Name</Label>
        <Input className="text-input" />
      </TextField>
      <TextField className="form-row" value={version} onChange={setVersion} isRequired>
        <Label>Version</Label>
        <Input className="text-input" />
      </TextField>
      {kept.kind === 'failed' && <Failed failure={kept.failure} />}
      <Button type="submit" className="button primary" isDisabled={kept.kind === 'running'}>
        {kept.kind === 'running' ? 'Keeping …' : 'Keep as a model'}
      </Button>
    </form>
  )
}

export function KeptName({ entry, children }: { entry: ModelEntry; children: ReactNode }) {
  return (
    <p role="status">
      Kept as {entry.name} {entry.version}{' '}
      <span className="secondary figures" data-testid="kept-identity">
        {entry.identity?.slice(0, 12)}
      </span>
      . {children}
    </p>
  )
}
