// What a frozen encoder says of a crop: the mean stage-4 token and the token of the whole image (semantic attention's
// CLS, or the mean stage-3 token where there is none): 12C numbers, what GITD and AITD have trained.
import type { Triple } from '../../base/shape.ts'
import { createSession, type Runtime } from '../../graph/session.ts'
import { bindInputs, simplify } from '../../graph/simplify.ts'
import { traceGraph, type InputSpec } from '../../graph/trace.ts'
import { semanticStage, type NetworkConfig } from '../../network/config.ts'
import { encode, meanOverTokens } from '../../network/encoder.ts'
import { classificationFeatures } from '../../network/heads.ts'
import { parameterShapes, type ParameterValues } from '../../network/parameters.ts'
import { semanticAttention } from '../../network/semanticAttention.ts'

/** Crops of one run of the encoder. */
const batch = 4

/**
 * Features [12C] of normalised crops [D·H·W] of `shape`. `parameters` are a student's; semantic attention is read where
 * they have it.
 */
export async function imageFeatures(
  crops: readonly Float32Array[],
  shape: Triple,
  config: NetworkConfig,
  parameters: ParameterValues,
  runtime: Runtime,
): Promise<Float32Array[]> {
  const sa = 'sa.cls_token' in parameters
  const shapes = parameterShapes(config, { sa })
  const specs = Object.fromEntries(
    Object.entries(shapes).map(([name, sides]): [string, InputSpec] => [
      name,
      { shape: [...sides], dtype: 'float32' },
    ]),
  )
  const graph = traceGraph(
    ({ images, ...p }) => {
      const { feat } = encode(p, images, config)
      const image = sa
        ? semanticAttention(p, feat[semanticStage(config)], config).cls
        : meanOverTokens(feat[2])
      return { features: classificationFeatures(feat[3], image) }
    },
    { images: { shape: [batch, ...shape, 1], dtype: 'float32' }, ...specs },
  )
  const values = Object.fromEntries(Object.keys(shapes).map(name => [name, parameters[name]]))
  const session = await createSession(simplify(bindInputs(graph, values)), runtime)
  const voxels = shape[0] * shape[1] * shape[2]
  const rows: Float32Array[] = []
  for (let first = 0; first < crops.length; first += batch) {
    const images = new Float32Array(batch * voxels)
    crops.slice(first, first + batch).forEach((crop, b) => images.set(crop, b * voxels))
    const { features } = await session.run({ images })
    const width = features.shape[1]
    for (let b = 0; b < Math.min(batch, crops.length - first); b++)
      rows.push(Float32Array.from(features.data.slice(b * width, (b + 1) * width)))
  }
  await session.release()
  return rows
}
