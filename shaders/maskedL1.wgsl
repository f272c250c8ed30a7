// Masked L1:  loss = sum(|a - b| m) / (sum(m) + smoothing).   a, b, m flat.
//   gather   partial sums of |a - b| m and m over every `threads`-th element   one thread = one row
//   finish   loss and 1 / (sum(m) + smoothing)                                       one thread in all
//   grad     da = dLoss sign(a - b) m / (sum(m) + smoothing), 0 where a = b          one thread = one element
// Between the first two the rows are added up (sumRows). After flatText; needs before it: alias MaskNumber.

struct Sizes {
  elements: u32,   // of this dispatch
  threads: u32,    // rows of partial sums of this dispatch
  firstRow: u32,
  smoothing: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> reconstruction: array<f32>;
@group(0) @binding(2) var<storage, read> image: array<f32>;
@group(0) @binding(3) var<storage, read> mask: array<MaskNumber>;
@group(0) @binding(4) var<storage, read_write> partialSums: array<vec2<f32>>;  // [rows]

@group(0) @binding(5) var<storage, read> sums: array<vec2<f32>>;               // [1]
@group(0) @binding(6) var<storage, read_write> loss: array<f32>;               // []
@group(0) @binding(7) var<storage, read_write> inverseOutput: array<f32>;      // []

@group(0) @binding(8) var<storage, read> inverse: array<f32>;                  // []
@group(0) @binding(9) var<storage, read> dLoss: array<f32>;                    // []
@group(0) @binding(10) var<storage, read_write> dReconstruction: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn gather(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = elementIndex(group, dispatched, thread);
  if (index >= sizes.threads) { return; }
  var sum = vec2<f32>();
  for (var at = index; at < sizes.elements; at += sizes.threads) {
    let m = f32(mask[at]);
    sum += vec2<f32>(abs(reconstruction[at] - image[at]) * m, m);
  }
  partialSums[sizes.firstRow + index] = sum;
}

@compute @workgroup_size(1)
fn finish() {
  let weight = sums[0].y + sizes.smoothing;
  loss[0] = sums[0].x / weight;
  inverseOutput[0] = 1.0 / weight;
}

@compute @workgroup_size(WORKGROUP)
fn grad(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = elementIndex(group, dispatched, thread);
  if (at >= sizes.elements) { return; }
  let slope = sign(reconstruction[at] - image[at]) * f32(mask[at]);
  dReconstruction[at] = slope * (dLoss[0] * inverse[0]);
}
