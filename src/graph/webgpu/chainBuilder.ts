// Writes a group of nodes as one chain: members are computed in place, moves become views, everything else is loaded.
import type { Chain, Instruction, Load } from './chain.ts'
import type { GraphFacts } from './graphFacts.ts'
import { broadcastView, isMove, moveView, ownView, type View } from './view.ts'

/** Steps from a value's own shape outwards to the chain's. */
interface Path {
  readonly key: string
  apply(view: View): View | undefined
}

const identity: Path = { key: '', apply: view => view }

export class ChainBuilder {
  /** Owners of what is loaded, in the order of the task's inputs: they must be in memory. */
  readonly inputs: number[] = []
  private readonly loads: Load[] = []
  private readonly instructions: Instruction[] = []
  private readonly known = new Map<string, number>()

  /** `members`: numbers of the element-wise nodes that are computed here. */
  constructor(
    private readonly facts: GraphFacts,
    private readonly shape: readonly number[],
    private readonly members: ReadonlySet<number>,
  ) {}

  /** The instruction of a value of the chain's own shape, or of one that is broadcast to it. */
  add(id: number): number {
    const at = this.value(id, this.broadcast(id, this.shape, identity))
    if (at === undefined) throw new Error(`The value ${id} cannot be read by a fused program.`)
    return at
  }

  chain(): Chain {
    return { shape: this.shape, loads: this.loads, instructions: this.instructions }
  }

  private broadcast(id: number, to: readonly number[], outer: Path): Path {
    const from = this.facts.shape(id)
    if (from.length === to.length && from.every((size, axis) => size === to[axis])) return outer
    const key = `${outer.key}>${to.join()}`
    return { key, apply: view => outer.apply(broadcastView(view, from, to)) }
  }

  /** Undefined where no view says what the path asks for; the caller then loads something further out. */
  private value(id: number, path: Path): number | undefined {
    const key = `${id}${path.key}`
    const known = this.known.get(key)
    if (known !== undefined) return known
    const before = [this.loads.length, this.instructions.length, this.inputs.length]
    const made = this.literal(id) ?? this.operation(id, path) ?? this.moved(id, path)
    if (made === undefined) this.forget(before)
    const result = made ?? this.load(id, path)
    if (result !== undefined) this.known.set(key, result)
    return result
  }

  /** Takes back what a failed attempt has added. */
  private forget([loads, instructions, inputs]: readonly number[]): void {
    this.loads.length = loads
    this.instructions.length = instructions
    this.inputs.length = inputs
    for (const [key, at] of this.known) if (at >= instructions) this.known.delete(key)
  }

  private push(instruction: Instruction): number {
    return this.instructions.push(instruction) - 1
  }

  private literal(id: number): number | undefined {
    const value = this.facts.literal(id)
    return value === undefined
      ? undefined
      : this.push({ kind: 'literal', value, dtype: this.facts.dtype(id) })
  }

  private operation(id: number, path: Path): number | undefined {
    const maker = this.facts.maker(id)
    if (maker === undefined || !this.members.has(maker)) return undefined
    const { op, inputs, attributes } = this.facts.nodes[maker]
    if (isMove(op)) return undefined
    const operands: number[] = []
    for (const input of inputs) {
      const operand = this.value(input, this.broadcast(input, this.facts.shape(id), path))
      if (operand === undefined) return undefined
      operands.push(operand)
    }
    return this.push({ kind: 'operation', op, attributes, operands, dtype: this.facts.dtype(id) })
  }

  private moved(id: number, outer: Path): number | undefined {
    const maker = this.facts.maker(id)
    const node = maker === undefined ? undefined : this.facts.nodes[maker]
    if (!node || !isMove(node.op)) return undefined
    const [input] = node.inputs
    const [from, to] = [this.facts.shape(input), this.facts.shape(id)]
    return this.value(input, {
      key: `${outer.key}<${id}`,
      apply(view) {
        const moved = moveView(node.op, view, from, node.attributes, to)
        return moved && outer.apply(moved)
      },
    })
  }

  private load(id: number, path: Path): number | undefined {
    const view = path.apply(ownView(this.facts.shape(id)))
    if (!view) return undefined
    const owner = this.facts.owner(id)
    if (!this.inputs.includes(owner)) this.inputs.push(owner)
    const dtype = this.facts.dtype(id)
    const load = this.loads.push({ input: this.inputs.indexOf(owner), view, dtype }) - 1
    return this.push({ kind: 'load', load, dtype })
  }
}
