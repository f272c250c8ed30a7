// Turns a graph into tasks: fused chains, our kernels, plain programs. Works backwards from the outputs, so that only
// what somebody needs in memory is ever written there.
import type { GpuKernel, KernelAttributes } from '../../kernels/gpuKernel.ts'
import { gpuKernels } from '../../kernels/kernelList.ts'
import type { Graph, GraphNode } from '../graph.ts'
import { isReduction } from '../rules/operations.ts'
import { givenInputs } from '../trace.ts'
import { adoptionOf, emitters } from './emitters.ts'
import type { Emission, NodeView } from './emit/emission.ts'
import { concatEmission, padEmission, tileEmission } from './emit/copies.ts'
import { mapEmission, type Result } from './emit/map.ts'
import { reduceEmission } from './emit/reduce.ts'
import type { ChainBuilder } from './chainBuilder.ts'
import { isExpression } from './expressions.ts'
import { GraphFacts } from './graphFacts.ts'
import { buildGroup, type Group } from './group.ts'
import type { Task } from './task.ts'
import { isMove, ownView } from './view.ts'

export interface Lowered {
  readonly facts: GraphFacts
  /** In an order in which each follows what it reads. */
  readonly tasks: readonly Task[]
}

const kernelsByName = new Map<string, GpuKernel>(gpuKernels.map(kernel => [kernel.name, kernel]))

class Lowering {
  readonly tasks: Task[] = []
  private readonly needed = new Set<number>()
  /** Nodes whose task exists, or which are part of one. */
  private readonly done = new Set<number>()

  /** `replaced`: for output values, the input whose place they may take. */
  constructor(
    private readonly facts: GraphFacts,
    private readonly replaced: ReadonlyMap<number, number>,
  ) {}

  need(id: number): void {
    this.needed.add(this.facts.owner(id))
  }

  run(): void {
    for (let at = this.facts.nodes.length - 1; at >= 0; at--) {
      const node = this.facts.nodes[at]
      if (node.op === 'Reshape' || !node.outputs.some(id => this.needed.has(id))) continue
      if (!this.done.has(at)) this.tasks.push(this.lower(at, node))
      this.done.add(at)
    }
    this.tasks.reverse()
  }

  private lower(at: number, node: GraphNode): Task {
    if (isExpression(node.op) || isMove(node.op)) return this.map(at, node)
    if (isReduction(node.op)) return this.reduce(at, node)
    return this.whole(node)
  }

  private group(roots: readonly number[], values: readonly number[], allowsExtras: boolean): Group {
    const group = buildGroup({
      facts: this.facts,
      roots,
      values,
      shape: this.facts.shape(values[0]),
      isLater: node => this.done.has(node),
      allowsExtras,
      takesPlace: (id, builder) => allowsExtras && this.replaceableInput(id, builder) !== undefined,
    })
    group.builder.inputs.forEach(id => this.needed.add(id))
    return group
  }

  private labelOf({ members }: Group): string {
    const order = [...members].sort((a, b) => a - b)
    return order.map(at => this.facts.nodes[at].op).join(' ')
  }

  private map(at: number, node: GraphNode): Task {
    const [root] = node.outputs
    const group = this.group([at], [root], true)
    const { builder } = group
    const values = [root, ...group.extras]
    const view = ownView(this.facts.shape(root))
    const results = values.map((id, output): Result => {
      const instruction = builder.add(id)
      const dtype = this.facts.dtype(id)
      const replaces = this.replaceableInput(id, builder)
      return { instruction, output, view, dtype, ...(replaces === undefined ? {} : { replaces }) }
    })
    for (const id of group.extras) this.done.add(this.facts.maker(id)!)
    const replaces = new Map(
      results.flatMap(result =>
        result.replaces === undefined
          ? []
          : [[values[result.output], builder.inputs[result.replaces]] as const],
      ),
    )
    return {
      ...this.ports(builder.inputs, values),
      label: this.labelOf(group),
      kind: 'fused',
      replaces,
      emission: mapEmission(builder.chain(), results),
    }
  }

  /** The number of the input that an output may overwrite: read at the very place that is written, and never again. */
  private replaceableInput(id: number, builder: ChainBuilder): number | undefined {
    const { inputs } = builder
    const { loads, shape } = builder.chain()
    const source = this.replaced.get(id)
    const at = source === undefined ? -1 : inputs.indexOf(source)
    if (source === undefined || at < 0 || this.isNeededLater(source)) return undefined
    const own = ownView(shape).strides.join()
    const isSame = loads.every(
      ({ input, view }) => input !== at || (view.offset === 0 && view.strides.join() === own),
    )
    return isSame ? at : undefined
  }

  /** Outputs of a kernel that take the place of an input that nobody reads any more; `inPlace`: which input, by output. */
  private replacedByKernel(node: GraphNode, inPlace: readonly number[]): Task['replaces'] {
    const owners = node.inputs.map(id => this.facts.owner(id))
    const pairs = inPlace.flatMap((input, output) => {
      const source = owners[input]
      const isFree =
        this.replaced.get(node.outputs[output]) === source &&
        owners.indexOf(source) === owners.lastIndexOf(source) &&
        !this.isNeededLater(source)
      return isFree ? [[node.outputs[output], source] as const] : []
    })
    return new Map(pairs)
  }

  private isNeededLater(source: number): boolean {
    return this.facts.isOutput(source) || this.tasks.some(task => task.inputs.includes(source))
  }

  private reduce(at: number, node: GraphNode): Task {
    const [x] = node.inputs
    const group = this.group([at], [x], false)
    const { builder } = group
    const result = builder.add(x)
    const reduction = {
      op: node.op,
      axes: node.attributes.axes as readonly number[],
      dtype: this.facts.dtype(node.outputs[0]),
    }
    return {
      ...this.ports(builder.inputs, node.outputs),
      label: this.labelOf(group),
      kind: 'fused',
      replaces: new Map(),
      emission: reduceEmission(builder.chain(), result, reduction),
    }
  }

  private ports(inputs: readonly number[], outputs: readonly number[]) {
    return { inputs, inputInfos: inputs.map(id => this.facts.graph.values[id]), outputs }
  }

  /** A node that reads whole tensors: one of our kernels, or a plain program. */
  private whole(node: GraphNode): Task {
    const view: NodeView = {
      node,
      from: node.inputs.map(id => this.facts.graph.values[id]),
      to: node.outputs.map(id => this.facts.graph.values[id]),
    }
    node.inputs.forEach(id => this.need(id))
    const given = node.attributes[givenInputs] as readonly number[] | undefined
    const kernel = kernelsByName.get(node.op)
    const count = kernel ? kernel.inputs.length : node.inputs.length
    const places = given ?? node.inputs.map((_, at) => at)
    const place = <T>(list: readonly T[]): (T | undefined)[] =>
      Array.from({ length: count }, (_, at) => (places.includes(at) ? list[places.indexOf(at)] : undefined))
    const { emission, kind } = this.emissionOf(view, kernel, place(view.from.map(info => info.shape)))
    return {
      label: node.op,
      kind,
      inputs: place(node.inputs.map(id => this.facts.owner(id))),
      inputInfos: place(view.from),
      outputs: node.outputs,
      replaces: this.replacedByKernel(
        node,
        (kernel?.inPlace ?? []).map(at => places.indexOf(at)),
      ),
      emission,
    }
  }

  private emissionOf(
    view: NodeView,
    kernel: GpuKernel | undefined,
    shapes: readonly (readonly number[] | undefined)[],
  ): { emission: Emission; kind: Task['kind'] } {
    const { op, attributes } = view.node
    if (kernel)
      return { emission: kernelEmission(kernel, shapes, attributes as KernelAttributes), kind: 'kernel' }
    const adopted = adoptionOf(view, kernelsByName)
    if (adopted)
      return { emission: kernelEmission(adopted.kernel, shapes, adopted.attributes), kind: 'kernel' }
    const copy = { Concat: concatEmission, PadV2: padEmission, Tile: tileEmission }[op]
    if (copy) return { emission: copy(view), kind: 'fused' }
    const emit = emitters[op]
    if (!emit)
      throw new Error(
        `The operation ${op} has no WebGPU program; add one in src/graph/webgpu/emit or as a kernel.`,
      )
    return { emission: emit(view), kind: 'generic' }
  }
}

function kernelEmission(
  kernel: GpuKernel,
  shapes: readonly (readonly number[] | undefined)[],
  attributes: KernelAttributes,
): Emission {
  return {
    scratch: kernel.scratch?.(shapes, attributes) ?? [],
    isSingle: false,
    steps: (bindings, device) => kernel.steps(bindings, attributes, device),
  }
}

/**
 * Lowers a simplified graph. `inPlace`: output name → input name whose storage the output takes where that is possible.
 * @throws Error naming an operation without a program.
 */
export function lowerGraph(graph: Graph, inPlace: Readonly<Record<string, string>>): Lowered {
  const facts = new GraphFacts(graph)
  const replaced = new Map(
    Object.entries(inPlace).map(
      ([output, input]) => [facts.owner(graph.outputs[output]), graph.inputs[input]] as const,
    ),
  )
  const lowering = new Lowering(facts, replaced)
  Object.values(graph.outputs).forEach(id => lowering.need(id))
  lowering.run()
  return { facts, tasks: lowering.tasks }
}
