// Run by scripts/run.mjs: what this program itself computes with the demo model for a tile made from a formula, as JSON.
// A process of its own, because Playwright's loader does not read the shaders that the network's folder imports.
import { loadNodeRuntime } from '../../cli/support/nodeRuntime.ts'
import { readModelFiles } from '../../cli/support/modelFiles.ts'
import { loadModel } from '../../src/prediction/loadModel.ts'
import { makeTile } from './tile.ts'

const model = await loadModel(await readModelFiles('demo'), await loadNodeRuntime(2))
const probability = Array.from(await model.segment!(makeTile()))
await model.release()
console.log(JSON.stringify({ identity: model.identity, probability }))
