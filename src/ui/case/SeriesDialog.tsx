// Several series among the files: the reader picks one.
import { useState } from 'react'
import {
  Button,
  Cell,
  Column,
  Dialog,
  Heading,
  Modal,
  ModalOverlay,
  Row,
  Table,
  TableBody,
  TableHeader,
} from 'react-aria-components'
import type { SeriesSummary } from '../../volume/volume.ts'
import { formatMegabytes, formatMm, formatShape } from '../format.ts'
import { useWorkbench } from '../useWorkbench.ts'

export function SeriesDialog() {
  const opening = useWorkbench(state => state.opening)
  const dismiss = useWorkbench(state => state.dismissOpening)
  if (opening.kind !== 'choosing') return null
  return (
    <ModalOverlay
      className="modal-overlay"
      isOpen
      isDismissable
      onOpenChange={isOpen => !isOpen && dismiss()}
    >
      <Modal className="modal modal-wide">
        <Dialog className="dialog">
          <Picker listingId={opening.listingId} series={opening.series} title={opening.title} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}

interface PickerProps {
  readonly listingId: number
  readonly series: readonly SeriesSummary[]
  readonly title: string
}

function Picker({ listingId, series, title }: PickerProps) {
  const choose = useWorkbench(state => state.chooseSeries)
  const readable = series.filter(one => one.problem === undefined)
  const [chosen, setChosen] = useState(readable[0]?.id ?? '')
  return (
    <>
      <Heading slot="title">
        {title}: {series.length} series
      </Heading>
      <p className="secondary">
        Choose the one to open. Thin slices with a sharp kernel show small nodules best.
      </p>
      <div className="table-scroll">
        <Table
          aria-label="Series"
          className="table"
          selectionMode="single"
          disallowEmptySelection
          disabledKeys={series.filter(one => one.problem !== undefined).map(one => one.id)}
          selectedKeys={chosen ? [chosen] : []}
          onSelectionChange={keys => setChosen(String([...(keys as Set<string>)][0] ?? ''))}
          onRowAction={key => void choose(listingId, String(key))}
        >
          <TableHeader>
            <Column isRowHeader>Description</Column>
            <Column>Slices</Column>
            <Column>Thickness</Column>
            <Column>Kernel</Column>
            <Column>Voxels</Column>
            <Column>Size</Column>
          </TableHeader>
          <TableBody>{series.map(seriesRow)}</TableBody>
        </Table>
      </div>
      <div className="row-end">
        <Button slot="close" className="button">
          Cancel
        </Button>
        <Button
          className="button primary"
          isDisabled={!chosen}
          onPress={() => void choose(listingId, chosen)}
        >
          Open
        </Button>
      </div>
    </>
  )
}

function seriesRow(one: SeriesSummary) {
  const [slices, height, width] = one.shape
  const known = slices * height * width > 0
  const thickness = one.sliceThicknessMm ?? one.spacingMm[0]
  return (
    <Row key={one.id} id={one.id}>
      <Cell>
        {one.description || 'Without description'}
        {one.problem && <span className="problem">{one.problem}</span>}
      </Cell>
      <Cell>{known ? slices : '—'}</Cell>
      <Cell>{thickness > 0 ? formatMm(thickness) : '—'}</Cell>
      <Cell>{one.kernel ?? '—'}</Cell>
      <Cell>{known ? formatShape(one.shape) : '—'}</Cell>
      <Cell>{known ? formatMegabytes(slices * height * width * 2) : '—'}</Cell>
    </Row>
  )
}
