// Minimum cut of a directed graph with capacities (Dinic's algorithm): which nodes stay on the source's side.

interface Edge {
  readonly to: number
  capacity: number
  /** Index of the opposite edge in the list of `to`. */
  readonly twin: number
}

export class FlowNetwork {
  private readonly edges: Edge[][] = []
  private level: number[] = []
  private cursor: number[] = []

  /** A new node's number. */
  node(): number {
    this.edges.push([])
    return this.edges.length - 1
  }

  edge(from: number, to: number, capacity: number): void {
    this.edges[from].push({ to, capacity, twin: this.edges[to].length })
    this.edges[to].push({ to: from, capacity: 0, twin: this.edges[from].length - 1 })
  }

  /** True for the nodes on the source's side of the smallest cut; the smallest such side where several are equal. */
  cut(source: number, sink: number): boolean[] {
    while (this.measure(source)[sink] >= 0) {
      this.cursor = this.edges.map(() => 0)
      while (this.push(source, sink) > 0);
    }
    return this.level.map(level => level >= 0)
  }

  /** Distances from the source over edges that have capacity left; -1 where there is no way. */
  private measure(source: number): number[] {
    this.level = this.edges.map(() => -1)
    this.level[source] = 0
    const queue = [source]
    for (const at of queue)
      for (const { to, capacity } of this.edges[at])
        if (capacity > 0 && this.level[to] < 0) {
          this.level[to] = this.level[at] + 1
          queue.push(to)
        }
    return this.level
  }

  /** Sends what fits along one shortest way; without recursion, since chains are thousands of nodes long. */
  private push(source: number, sink: number): number {
    const way: Edge[] = []
    let at = source
    while (at !== sink) {
      const edge = this.edges[at][this.cursor[at]]
      if (!edge) {
        const back = way.pop()
        if (!back) return 0
        at = this.edges[back.to][back.twin].to
        this.cursor[at] += 1
      } else if (edge.capacity > 0 && this.level[edge.to] === this.level[at] + 1) {
        way.push(edge)
        at = edge.to
      } else this.cursor[at] += 1
    }
    const amount = Math.min(...way.map(edge => edge.capacity))
    for (const edge of way) {
      edge.capacity -= amount
      this.edges[edge.to][edge.twin].capacity += amount
    }
    return amount
  }
}
