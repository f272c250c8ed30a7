// Fixtures of whole networks: SMARTFormer's forward pass and MONAI's Swin UNETR, weights from the hash initialiser.
import type * as tf from '@tensorflow/tfjs-core'
import { parseNetworkConfig, type NetworkConfig } from '../../../network/config.ts'
import { decode } from '../../../network/decoder.ts'
import { encode, meanOverTokens } from '../../../network/encoder.ts'
import { classificationHead, reconstruct } from '../../../network/heads.ts'
import { hashInitialise } from '../../../network/initialise.ts'
import { attentionMask } from '../../../kernels/topKMask.ts'
import {
  parameterShapes,
  under,
  type NetworkParts,
  type ParameterShapes,
} from '../../../network/parameters.ts'
import { semanticAttention } from '../../../network/semanticAttention.ts'
import { compareChecksum, compareTensor, type Check } from '../compare.ts'
import { namesUnder, type Fixture, type HostTensors } from '../fixture.ts'
import { toChannelsFirst, toChannelsLast } from '../layout.ts'
import type { Path, Tensors, WholeOperation } from '../operation.ts'

/** The network configuration of a whole fixture; the wiring stands beside it in the JSON. */
export function networkConfigOf(fixture: Fixture): NetworkConfig {
  const { model, wiring } = fixture.config
  return parseNetworkConfig({ ...(model as object), ...(wiring ? { wiring } : {}) })
}

/** Weights of the hash initialiser as host tensors. */
export function hashedWeights(shapes: ParameterShapes, seed: number): HostTensors {
  const values = hashInitialise(shapes, seed)
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, { shape, data: values[name] }]),
  )
}

interface ParameterRow {
  readonly shape: readonly number[]
  readonly checksum?: readonly number[]
}

/** The weights agree with the JSON's list: same names, shapes and checksums (float32 values, so 1e-6 of l2). */
export function checkParameters(fixture: Fixture, weights: HostTensors): Check[] {
  const listed = (fixture.json.parameters ?? {}) as Record<string, ParameterRow>
  const missing = Object.keys(weights).filter(name => !listed[name])
  const checks: Check[] = missing.map(name => ({
    tensor: `${name} (not in the fixture's list)`,
    error: Infinity,
    tolerance: 0,
  }))
  for (const [name, { shape, checksum }] of Object.entries(listed)) {
    const own = weights[name]
    // MONAI's fixture lists norm{i}, which its wiring does not have.
    if (!own || !checksum) continue
    if (own.shape.join() !== shape.join())
      checks.push({ tensor: `${name} [${own.shape.join(', ')}]`, error: Infinity, tolerance: 0 })
    else checks.push(compareChecksum(`weights ${name}`, name, own.data, checksum, 1e-6 * checksum[1] + 1e-6))
  }
  return checks
}

/** Comparisons of the outputs with the JSON's checksum table. */
function checkChecksums(fixture: Fixture, got: HostTensors, halfError: number): Check[] {
  const table = (fixture.json.checksums ?? {}) as Record<string, readonly number[]>
  return Object.entries(table)
    .filter(([name]) => got[`out.${name}`])
    .map(([name, want]) =>
      compareChecksum(
        `checksum ${name}`,
        name,
        got[`out.${name}`].data,
        want,
        (1e-3 + halfError) * want[1] + 1e-6,
      ),
    )
}

/** A mask decides between neighbours in rank; it is comparable only where SATT is well within that gap (SPEC 11). */
export function isMaskComparable(fixture: Fixture, sattError: number): boolean {
  const gaps = ((fixture.json.mask_boundary_gaps ?? []) as number[][]).flat()
  return gaps.every(gap => sattError < gap / 2)
}

type Outputs = Record<string, () => tf.Tensor>

/** Every output that a forward fixture may name, computed only when it does (the decoder refuses odd sizes). */
function forwardOutputs(t: Tensors, fixture: Fixture, config: NetworkConfig): Outputs {
  const image = toChannelsLast(t['in.image'])
  const { mask_ratio: ratio = 0.7, hint_ratio: hint = 0.1 } = fixture.config
  const encoded = encode(t, image, config, { mask: t['in.mask'], keep: t['in.keep'] })
  const outputs: Outputs = {
    'out.patch': () => encoded.patch,
    'out.bottleneck': () => encoded.bottleneck,
    'out.seg_logits': () => toChannelsFirst(decode(t, image, encoded, config)),
    'out.rec': () => toChannelsFirst(reconstruct(t, image, encoded, config)),
  }
  encoded.raw.forEach((grid, stage) => (outputs[`out.raw${stage}`] = () => grid))
  encoded.feat.forEach((grid, stage) => (outputs[`out.feat${stage}`] = () => grid))
  if (!t['sa.cls_token']) return outputs
  const { cls, satt } = semanticAttention(t, encoded.feat[2], config)
  return {
    ...outputs,
    'out.satt': () => satt,
    'out.cls': () => cls,
    'out.gap': () => meanOverTokens(encoded.feat[3]),
    'out.mask': () => attentionMask(satt, Number(ratio), Number(hint)),
    'out.cls_logits': () => classificationHead(under(t, 'cls_head.'), encoded.feat[3], cls),
  }
}

/** Parts of the network that a fixture lists parameters of. */
function partsOf(fixture: Fixture): NetworkParts {
  const names = Object.keys((fixture.json.parameters ?? {}) as object)
  const lists = (prefix: string) => names.some(name => name.startsWith(prefix))
  return {
    sa: lists('sa.'),
    clsHead: lists('cls_head.'),
    decoder: lists('decoder.'),
    recHead: lists('rec_head.'),
    projectionHeads: lists('head_'),
  }
}

async function checkForward(fixture: Fixture, path: Path): Promise<Check[]> {
  const config = networkConfigOf(fixture)
  const weights = hashedWeights(
    parameterShapes(config, partsOf(fixture)),
    Number(fixture.config.param_hash_seed),
  )
  const wanted = namesUnder(fixture, 'out.')
  const inputs = Object.fromEntries(namesUnder(fixture, 'in.').map(name => [name, fixture.tensors[name]]))
  const program = (t: Tensors) => {
    const outputs = forwardOutputs(t, fixture, config)
    return Object.fromEntries(wanted.filter(name => outputs[name]).map(name => [name, outputs[name]()]))
  }
  const got = await path.run(program, inputs, weights)
  const { halfError = 0 } = path
  const checks = [...checkParameters(fixture, weights), ...checkChecksums(fixture, got, halfError)]
  const satt = wanted.includes('out.satt') ? compareTensor(fixture, 'out.satt', got['out.satt']).error : 0
  const comparable = wanted.filter(name => name !== 'out.mask' || isMaskComparable(fixture, satt))
  return [...checks, ...comparable.map(name => compareTensor(fixture, name, got[name], halfError))]
}

const forwardPass: WholeOperation = { kind: 'whole', isInference: true, check: checkForward }

export const wholeOperations: Record<string, WholeOperation> = {
  forward: forwardPass,
  monai_swin_unetr: forwardPass,
}
