// Which model results are of, or which one will analyse: the shipped one quietly, any other one unmistakably.

export interface BadgedModel {
  readonly title: string
  readonly version: string
  readonly isOwn: boolean
}

export function ModelBadge({ model, what }: { model: BadgedModel; what: string }) {
  const { title, version, isOwn } = model
  return (
    <span className={isOwn ? 'badge badge-own' : 'badge'} title={what}>
      {isOwn && <b>OWN MODEL</b>} {title} {version}
    </span>
  )
}
