// Ours, compiled: the case traced with our kernels whole, as a WebGPU plan of one tile family. Inputs stay on the device,
// as a model's weights do; a run is one submit.
import { bindInputs } from '../../src/graph/simplify.ts'
import { compilePlan, type Plan } from '../../src/graph/webgpu/plan.ts'
import { profileRows } from '../../src/graph/webgpu/profileTable.ts'
import type { DeviceFacts } from '../../src/kernels/gpuKernel.ts'
import type { Entrant } from './entrant.ts'

/** The families of programs that a device can run. */
export function offeredFamilies(device: GPUDevice): readonly DeviceFacts['tiles'][] {
  return device.features.has('subgroups') ? ['registers', 'shared', 'subgroups'] : ['registers', 'shared']
}

/** What the plan consists of: kernels of ours, generated chains, and plain programs that stand in for kernels. */
function describePlan({ report: { tasks, generic } }: Plan): string {
  const count = (kind: string) => tasks.filter(task => task.kind === kind).length
  const plain = Object.entries(generic).map(([label, times]) => (times > 1 ? `${times} ${label}` : label))
  const listed = plain.length > 4 ? [...plain.slice(0, 4), '…'] : plain
  return [
    `${count('kernel')} kernels`,
    `${count('fused')} fused`,
    `${count('generic')} plain${listed.length > 0 ? ` (${listed.join(', ')})` : ''}`,
  ].join(', ')
}

/** Inference as the product runs it where that is faster: weights are constants, and all that may be is stored as halves. */
export function halvesEntrant(device: GPUDevice, tiles: DeviceFacts['tiles']): Entrant {
  return {
    name: `16-bit storage, ${tiles}`,
    runsOn: 'gpu',
    takes: ({ inputs, name }) => name.endsWith('forward') && Object.keys(inputs).some(isWeight),
    async prepare({ values, compared, wholeGraph, alive }) {
      const named = Object.entries(values)
      const weights = Object.fromEntries(named.filter(([name]) => isWeight(name)))
      const fed = Object.fromEntries(named.filter(([name]) => !isWeight(name)))
      const graph = bindInputs(wholeGraph(), weights)
      const resident = Object.keys(graph.inputs)
      const plan = await compilePlan(graph, device, { tiles, storage: 'f16', onProgress: alive, resident })
      return {
        note: describePlan(plan),
        async run() {
          await plan.run({}, [])
        },
        async results() {
          const results = await plan.run(fed, compared)
          return Object.fromEntries(compared.map(name => [name, results[name].data]))
        },
        release: () => plan.release(),
      }
    },
  }
}

const isWeight = (name: string) => name.startsWith('p.')

export function planEntrant(device: GPUDevice, tiles: DeviceFacts['tiles']): Entrant {
  return {
    name: `ours, ${tiles}`,
    runsOn: 'gpu',
    async prepare({ values, compared, wholeGraph, alive }) {
      const graph = wholeGraph()
      const state = Object.keys(graph.outputs).filter(name => graph.inputs[name] !== undefined)
      const plan = await compilePlan(graph, device, {
        tiles,
        onProgress: alive,
        state: Object.fromEntries(state.map(name => [name, name])),
        resident: Object.keys(graph.inputs).filter(name => !state.includes(name)),
      })
      return {
        note: describePlan(plan),
        async run() {
          await plan.run({}, [])
        },
        async results() {
          const results = await plan.run(values, compared)
          return Object.fromEntries(compared.map(name => [name, results[name].data]))
        },
        ...(device.features.has('timestamp-query')
          ? { profile: async () => profileRows(await plan.profile({})) }
          : {}),
        release: () => plan.release(),
      }
    },
  }
}
