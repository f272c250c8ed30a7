// Golden fixtures on the user's own devices: what an independent PyTorch implementation computed, forward and backward,
// against our kernels on this adapter and against the CPU path. Any adapter is tested, one that computes on the processor too.
import { InputError, throwIfCancelled } from '../base/errors.ts'
import { parseFixture, type Fixture } from '../training/golden/fixture.ts'
import { onnxPath } from '../training/golden/onnxPath.ts'
import type { Path } from '../training/golden/operation.ts'
import { planPath } from '../training/golden/planPath.ts'
import { runFixture } from '../training/golden/runFixture.ts'
import { cpuRuntime } from './ortRuntime.ts'
import type { ComputeTasks, SelfTestLine, SelfTestMark } from './protocol.ts'
import type { JobContext } from './serveTasks.ts'

type SelfTest = ComputeTasks['selfTest']

const urls: Readonly<Record<string, string>> = import.meta.glob(
  [
    '../../fixtures/golden/unit/{window_attention_shift_bias,semantic_attention_n30,swin_block_4x4x4_shift}.{json,safetensors}',
    '../../fixtures/golden/unit/{patch_embed_mask_keep,patch_merge_smit_5x3x4,mask_expand}.{json,safetensors}',
    '../../fixtures/golden/unit/{layer_norm,gelu,instance_norm,conv3d_k3,conv3d_k1_bias,conv_transpose_k2s2}.{json,safetensors}',
    '../../fixtures/golden/unit/{up_block,classification_head,projection_head}.{json,safetensors}',
    '../../fixtures/golden/unit/{softmax_cross_entropy,dice_ce,losses,adamw,ema}.{json,safetensors}',
  ],
  { query: '?url', import: 'default', eager: true },
)

/** What is tested, in the order of the network, by the name of its fixture. */
const tested: Readonly<Record<string, string>> = {
  patch_embed_mask_keep: 'Patch embedding, mask token, patch dropout',
  layer_norm: 'Layer norm',
  window_attention_shift_bias: 'Window attention, shifted',
  gelu: 'GELU',
  swin_block_4x4x4_shift: 'Swin block',
  patch_merge_smit_5x3x4: 'Patch merging',
  semantic_attention_n30: 'Semantic attention',
  mask_expand: 'Attention-guided mask',
  classification_head: 'Classification head',
  projection_head: 'Projection head',
  conv3d_k3: 'Convolution 3 × 3 × 3',
  conv3d_k1_bias: 'Convolution 1 × 1 × 1',
  conv_transpose_k2s2: 'Transposed convolution',
  instance_norm: 'Instance norm, leaky ReLU',
  up_block: 'Decoder block',
  softmax_cross_entropy: 'Cross entropy',
  dice_ce: 'Dice and cross entropy',
  losses: 'Pretraining losses',
  adamw: 'AdamW',
  ema: 'Momentum teacher',
}

function urlOf(name: string, ending: string): string {
  const url = urls[`../../fixtures/golden/unit/${name}.${ending}`]
  if (!url) throw new Error(`The fixture ${name}.${ending} is not part of this build.`)
  return new URL(url, import.meta.url).href
}

async function fetchFixture(name: string): Promise<Fixture> {
  const [json, weights] = await Promise.all([fetch(urlOf(name, 'json')), fetch(urlOf(name, 'safetensors'))])
  const described = (await json.json()) as Record<string, unknown>
  return parseFixture(name, described, new Uint8Array(await weights.arrayBuffer()))
}

async function markOf(name: string, fixture: Fixture, path: Path | undefined): Promise<SelfTestMark | null> {
  if (!path) return null
  const { status, text, worst } = await runFixture(name, () => fixture, path)
  return { status, text, worst: worst && { error: worst.error, tolerance: worst.tolerance } }
}

/** A device of its own, so that a test never disturbs a loaded model. */
async function openAdapter() {
  const { describeAdapter, requestDevice } = await import('../kernels/device.ts')
  if (!navigator.gpu) return undefined
  const gpu = await requestDevice(navigator.gpu).catch((error: unknown) => {
    // No adapter; one that is there and fails is the very thing to be told of.
    if (error instanceof InputError) return undefined
    throw error
  })
  return gpu && { gpu, label: describeAdapter(gpu.adapterInfo) }
}

/** Runs every fixture on the adapter and on the CPU. @throws CancelledError between two fixtures. */
export async function runSelfTest({
  signal,
  report,
}: JobContext<SelfTest['progress']>): Promise<SelfTest['result']> {
  const adapter = await openAdapter()
  const cpu = cpuRuntime('for the self-test')
  const onGpu = adapter && planPath(adapter.gpu)
  const onCpu = onnxPath(cpu)
  const lines: SelfTestLine[] = []
  const names = Object.keys(tested)
  try {
    for (const name of names) {
      throwIfCancelled(signal, 'The self-test')
      report({ stage: tested[name], done: lines.length, total: names.length })
      const fixture = await fetchFixture(name)
      lines.push({
        title: tested[name],
        gpu: await markOf(name, fixture, onGpu),
        cpu: await markOf(name, fixture, onCpu),
      })
    }
  } finally {
    adapter?.gpu.device.destroy()
  }
  return {
    adapter: adapter ? { label: adapter.label, isSoftware: adapter.gpu.isSoftware } : null,
    cpu: { label: cpu.threads === 1 ? 'CPU, 1 thread' : `CPU, ${cpu.threads} threads` },
    lines,
  }
}
