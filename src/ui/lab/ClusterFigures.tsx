// Tables of what came out of clustering: how clusters spread over scans, distances of features, agreement with labels.
import { scansOfRows } from '../../insight/pooledTokens.ts'
import type { ClusterResult } from '../../worker/insightProtocol.ts'
import { capitalise, formatPercent } from '../format.ts'
import { findingCss } from '../viewer/palette.ts'

/** Whether a cluster is one of anatomy or of a scanner: its share of each scan's tokens. */
export function ClustersByScan({ result: { scans, clusters, request } }: { result: ClusterResult }) {
  if (scans.length === 1) return null
  const counts = scans.map(() => new Array<number>(request.k).fill(0))
  scansOfRows(scans.map(({ tokens }) => tokens)).forEach((scan, row) => counts[scan][clusters[row]]++)
  return (
    <table className="agreement figures" aria-label="Clusters of each scan">
      <thead>
        <tr>
          <th>Share of tokens</th>
          {scans.map((_, i) => (
            <th key={i}>Scan {i + 1}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {Array.from({ length: request.k }, (_, cluster) => (
          <tr key={cluster}>
            <td>
              <span className="group-swatch inline" style={{ background: findingCss(cluster) }} /> Cluster{' '}
              {cluster + 1}
            </td>
            {scans.map(({ tokens }, i) => (
              <td key={i}>{formatPercent(counts[i][cluster] / tokens)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** How far tokens of a group lie from each other, and groups from groups. */
export function DistanceTable({ result: { figures, labels, scanFigures } }: { result: ClusterResult }) {
  const row = (name: string, { meanIntra, meanInter }: ClusterResult['figures']) => (
    <tr>
      <td>{name}</td>
      <td>{meanIntra.toFixed(2)}</td>
      <td>{meanInter.toFixed(2)}</td>
      <td>{meanIntra > 0 ? (meanInter / meanIntra).toFixed(2) : '–'}</td>
    </tr>
  )
  return (
    <table className="agreement figures" aria-label="Distances in feature space">
      <thead>
        <tr>
          <th>Distance of features</th>
          <th>within</th>
          <th>between</th>
          <th>ratio</th>
        </tr>
      </thead>
      <tbody>
        {row('Clusters', figures)}
        {labels && row(labels.isTruth ? 'Organs' : 'Labels', labels.figures)}
        {scanFigures && row('Scans', scanFigures)}
      </tbody>
    </table>
  )
}

interface AgreementProps {
  readonly labels: NonNullable<ClusterResult['labels']>
  readonly isOneOfSeveral: boolean
}

/** Dice of the painted clusters against the open scan's labels. */
export function AgreementTable({
  labels: { agreement, names, isTruth, openSource },
  isOneOfSeveral,
}: AgreementProps) {
  return (
    <>
      <table className="agreement figures" aria-label="Agreement with labels">
        <thead>
          <tr>
            <th>Dice</th>
            <th>best cluster</th>
            <th>all its clusters</th>
          </tr>
        </thead>
        <tbody>
          {agreement.map(({ label, bestCluster, bestDice, ownClusters, ownDice }) => (
            <tr key={label}>
              <td>{capitalise(names[label])}</td>
              <td>
                {bestDice.toFixed(2)} <span className="secondary">({bestCluster + 1})</span>
              </td>
              <td>
                {ownClusters.length > 0 ? ownDice.toFixed(2) : '–'}{' '}
                {ownClusters.length > 0 && (
                  <span className="secondary">({ownClusters.map(cluster => cluster + 1).join(', ')})</span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="secondary">
        {isOneOfSeveral ? 'On the open scan, against ' : 'Against '}
        {isTruth ? 'the' : 'a'} {openSource}; which cluster stands for which label is chosen with the labels
        in hand.
      </p>
    </>
  )
}
