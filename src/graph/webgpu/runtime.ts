// A GPU as the place where graphs are compiled to plans; the counterpart of ONNX Runtime in session.ts.
import type { DeviceFacts } from '../../kernels/gpuKernel.ts'
import type { PlanOptions } from './plan.ts'

export interface PlanRuntime {
  readonly kind: 'plan'
  readonly device: GPUDevice
  /** Which family of programs our kernels use; default as in `compilePlan`. */
  readonly tiles?: DeviceFacts['tiles']
  /** How values are stored; default as in `compilePlan`. */
  readonly storage?: PlanOptions['storage']
  /** Which device, for people. */
  readonly label: string
  /** Gets the table of where a network's first run spends its time (`profileText`), where the device has timestamps. */
  readonly onProfile?: (table: string) => void
}
