// This computer: where the network runs, and a test of it against numbers from elsewhere.
import { Check, TriangleAlert } from 'lucide-react'
import { Button } from 'react-aria-components'
import type { SelfTestMark, SelfTestResult } from '../worker/protocol.ts'
import { Failed } from './Failed.tsx'
import { Progress } from './Progress.tsx'
import { useWorkbench } from './useWorkbench.ts'
import { ReadingDialog, type Openness } from './ReadingDialog.tsx'

export function ComputerDialog(openness: Openness) {
  const compute = useWorkbench(state => state.compute)
  return (
    <ReadingDialog title="This computer" isWide {...openness}>
      {compute.kind === 'ready' && <p>The network runs on {compute.device.label}.</p>}
      <SelfTest />
    </ReadingDialog>
  )
}

function SelfTest() {
  const selfTest = useWorkbench(state => state.selfTest)
  const isAnalysing = useWorkbench(state => state.prediction.kind === 'running')
  const start = useWorkbench(state => state.startSelfTest)
  const cancel = useWorkbench(state => state.cancelSelfTest)
  return (
    <>
      <p className="dialog-text">
        The self-test runs each operation of the network, forward and backward, on the graphics processor and
        on the CPU, and compares the results with those of an independent implementation in PyTorch. Nothing
        is uploaded.
      </p>
      {selfTest.kind === 'running' ? (
        <>
          <Progress {...selfTest.progress} unit="operations" />
          <div className="choice-buttons at-start">
            <Button className="button" onPress={cancel}>
              Cancel the test
            </Button>
          </div>
        </>
      ) : (
        <div className="choice-buttons at-start">
          <Button className="button primary" isDisabled={isAnalysing} onPress={() => void start()}>
            {selfTest.kind === 'done' ? 'Test again' : 'Test this computer'}
          </Button>
          {isAnalysing && <span className="secondary">Possible when the analysis has ended.</span>}
        </div>
      )}
      {selfTest.kind === 'failed' && <Failed failure={selfTest.failure} />}
      {selfTest.kind === 'done' && <Results result={selfTest.result} />}
    </>
  )
}

function Results({ result: { adapter, cpu, lines } }: { result: SelfTestResult }) {
  return (
    <>
      <p role="status">
        <strong>
          {verdict(
            lines.map(line => line.gpu).filter(mark => mark !== null),
            'graphics processor',
          )}
        </strong>{' '}
        <strong>
          {verdict(
            lines.map(line => line.cpu).filter(mark => mark !== null),
            'CPU',
          )}
        </strong>
      </p>
      {adapter?.isSoftware && (
        <p className="dialog-text">
          {adapter.label} is a processor that plays graphics processor: it is tested here, but the network
          runs on the CPU directly, which is faster.
        </p>
      )}
      <div className="table-scroll">
        <table className="self-test">
          <thead>
            <tr>
              <th scope="col">Operation</th>
              <th scope="col">{adapter ? adapter.label : 'No graphics processor offers WebGPU'}</th>
              <th scope="col">{cpu.label}</th>
            </tr>
          </thead>
          <tbody>
            {lines.map(line => (
              <tr key={line.title}>
                <th scope="row">{line.title}</th>
                <Mark mark={line.gpu} />
                <Mark mark={line.cpu} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

function verdict(marks: readonly SelfTestMark[], device: string): string {
  if (marks.length === 0) return `The ${device} was not tested: none is offered.`
  const failed = marks.filter(mark => mark.status === 'failed').length
  return failed === 0
    ? `The ${device} agrees in all ${marks.length} operations.`
    : `The ${device} disagrees in ${failed} of ${marks.length} operations.`
}

function Mark({ mark }: { mark: SelfTestMark | null }) {
  if (!mark) return <td className="secondary">—</td>
  const { status, text, worst } = mark
  const hasPassed = status === 'passed'
  const figure = worst
    ? worst.error === 0
      ? 'without any error'
      : `largest error ${worst.error.toExponential(1)}, allowed ${worst.tolerance.toExponential(1)}`
    : text
  return (
    <td title={text} className={status === 'failed' ? 'mark-failed' : undefined}>
      {hasPassed ? <Check size={14} aria-hidden /> : <TriangleAlert size={14} aria-hidden />}{' '}
      {hasPassed ? 'agrees' : status === 'failed' ? 'disagrees' : 'not run'},{' '}
      <span className="figures">{figure}</span>
    </td>
  )
}
