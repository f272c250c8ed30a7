// Which program computes a traced operation that is no kernel of ours: a kernel that fits it where there is one, else a
// plain program that is right and listed in the plan's report.
import type { GpuKernel, KernelAttributes } from '../../kernels/gpuKernel.ts'
import type { Emitter, NodeView } from './emit/emission.ts'
import { lineEmitters } from './emit/lines.ts'
import { linearEmitters } from './emit/linear.ts'
import { lookupEmitters } from './emit/lookup.ts'

/** Plain programs by operation. */
export const emitters: Readonly<Record<string, Emitter>> = {
  ...lineEmitters,
  ...lookupEmitters,
  ...linearEmitters,
}

/** How a kernel of ours takes over a traced operation of tfjs: inputs in the same order. */
interface Adoption {
  /** Name of the kernel in src/kernels/kernelList.ts. */
  readonly kernel: string
  /** The kernel's attributes, or undefined where this node is nothing for it. */
  attributes(view: NodeView): KernelAttributes | undefined
}

const isEvery = (list: unknown, value: number) => (list as readonly number[]).every(each => each === value)

/** Convolutions of stride and dilation 1 that keep the size: what our kernels compute. */
function sameConvolution({ node }: NodeView, inputShape: readonly number[], outputShape: readonly number[]) {
  const { strides, dilations } = node.attributes
  const keepsSize = [1, 2, 3].every(axis => inputShape[axis] === outputShape[axis])
  return isEvery(strides, 1) && isEvery(dilations, 1) && keepsSize ? {} : undefined
}

const adoptions: Readonly<Record<string, Adoption>> = {
  BatchMatMul: {
    kernel: 'MatMul',
    attributes: ({ node, from: [a, b] }) =>
      // Batches that are broadcast are left to the plain program.
      a.shape.slice(0, -2).join() === b.shape.slice(0, -2).join()
        ? {
            transposeA: node.attributes.transposeA as boolean,
            transposeB: node.attributes.transposeB as boolean,
          }
        : undefined,
  },
  Conv3D: {
    kernel: 'Conv3d',
    attributes: view => sameConvolution(view, view.from[0].shape, view.to[0].shape),
  },
  Conv3DBackpropInputV2: {
    kernel: 'Conv3dInputGradient',
    attributes: view => sameConvolution(view, view.to[0].shape, view.from[0].shape),
  },
  Conv3DBackpropFilterV2: {
    kernel: 'Conv3dFilterGradient',
    attributes: view => {
      const fits = sameConvolution(view, view.from[0].shape, view.from[1].shape)
      return fits && { filterShape: view.to[0].shape }
    },
  },
}

/** The kernel that takes a node over, with its attributes; undefined where there is none or it refuses the shapes. */
export function adoptionOf(
  view: NodeView,
  kernels: ReadonlyMap<string, GpuKernel>,
): { kernel: GpuKernel; attributes: KernelAttributes } | undefined {
  const adoption = adoptions[view.node.op] as Adoption | undefined
  const kernel = adoption && kernels.get(adoption.kernel)
  const attributes = kernel && adoption.attributes(view)
  if (!attributes) return undefined
  try {
    const [shape] = kernel.shapes(
      view.from.map(info => info.shape),
      attributes,
    )
    return shape.join() === view.to[0].shape.join() ? { kernel, attributes } : undefined
  } catch {
    // A kernel says by throwing that shapes are nothing for it; the plain program takes them.
    return undefined
  }
}
