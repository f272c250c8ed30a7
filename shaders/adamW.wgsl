// AdamW (PyTorch's form) of any number of parameters that stand one after the other:
//   m = b1 m + (1 - b1) g    v = b2 v + (1 - b2) g g    p = p (1 - lr decay) - lr / c1 m / (sqrt(v) / sqrt(c2) + eps)
// One thread = one lane (4 elements or 1). After flatText, laneText and updateText(parameter, m, v).

struct Sizes {
  lanes: u32,        // of this dispatch
  beta1: f32,
  oneMinusBeta1: f32,  // rounded from double precision: 1 - 0.999f is off by 1e-5 of itself
  beta2: f32,
  oneMinusBeta2: f32,
  epsilon: f32,
  weightDecay: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(7) var<storage, read> gradient: array<Lane>;
@group(0) @binding(8) var<storage, read> scalars: array<f32>;   // learning rate, 1 - b1^t, 1 - b2^t

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let lane = elementIndex(group, dispatched, thread);
  if (lane >= sizes.lanes) { return; }
  let g = gradient[lane];
  let m = loadM(lane) * sizes.beta1 + g * sizes.oneMinusBeta1;
  let v = loadV(lane) * sizes.beta2 + g * g * sizes.oneMinusBeta2;
  let denominator = sqrt(v) / sqrt(scalars[2]) + sizes.epsilon;
  let decayed = loadParameter(lane) * (1.0 - scalars[0] * sizes.weightDecay);
  storeParameter(lane, decayed - scalars[0] / scalars[1] * (m / denominator));
  storeM(lane, m);
  storeV(lane, v);
}
