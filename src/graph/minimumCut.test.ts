import { describe, expect, it } from 'vitest'
import { FlowNetwork } from './minimumCut.ts'

describe('the minimum cut', () => {
  it('separates at the narrowest place', () => {
    const network = new FlowNetwork()
    const [source, a, b, c, sink] = Array.from({ length: 5 }, () => network.node())
    network.edge(source, a, 5)
    network.edge(source, b, 5)
    network.edge(a, c, 3)
    network.edge(b, c, 4)
    network.edge(c, sink, 6)
    expect(network.cut(source, sink)).toEqual([true, true, true, true, false])
  })

  it('never cuts an edge without limit and goes back on what it sent', () => {
    const network = new FlowNetwork()
    const [source, a, b, sink] = Array.from({ length: 4 }, () => network.node())
    network.edge(source, a, 2)
    network.edge(source, b, 1)
    network.edge(a, b, Infinity)
    network.edge(a, sink, 1)
    network.edge(b, sink, 4)
    // Cuts source→a and source→b (3), not a→sink and b→sink (5).
    expect(network.cut(source, sink)).toEqual([true, false, false, false])
  })

  it('is quick on long chains', () => {
    const network = new FlowNetwork()
    const chain = Array.from({ length: 20000 }, () => network.node())
    for (let at = 1; at < chain.length; at++) network.edge(chain[at - 1], chain[at], at === 9000 ? 1 : 2)
    const side = network.cut(chain[0], chain[chain.length - 1])
    expect(side.lastIndexOf(true)).toBe(8999)
  })
})
