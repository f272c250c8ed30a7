// Softmax cross entropy of rows:  loss = sum w l / sum w,  l = log sum exp(x) - x_label,  w = weight of the row's class.
//   gather   w l and w of a row                                      one thread = one row
//   finish   loss and 1 / sum w                                      one thread in all
//   grad     dx_k = dLoss w / sum w (softmax(x)_k - [k = label])     one thread = one row
// Between the first two the rows are added up (sumRows). After flatText; needs before it: alias LabelNumber.

struct Sizes {
  rows: u32,
  classes: u32,   // K
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> logits: array<f32>;                 // [rows, K]
@group(0) @binding(2) var<storage, read> labels: array<LabelNumber>;         // [rows]
@group(0) @binding(3) var<storage, read> classWeights: array<f32>;           // [K]
@group(0) @binding(4) var<storage, read_write> rowSums: array<vec2<f32>>;    // [rows]

@group(0) @binding(5) var<storage, read> sums: array<vec2<f32>>;             // [rows], added up to one
@group(0) @binding(6) var<storage, read_write> loss: array<f32>;             // []
@group(0) @binding(7) var<storage, read_write> inverseOutput: array<f32>;    // []

@group(0) @binding(8) var<storage, read> inverse: array<f32>;                // []
@group(0) @binding(9) var<storage, read> dLoss: array<f32>;                  // []
@group(0) @binding(10) var<storage, read_write> dLogits: array<f32>;         // [rows, K]

// The largest score of a row and the sum of exp(x - largest).
fn measureRow(start: u32) -> vec2<f32> {
  var largest = logits[start];
  for (var k = 1u; k < sizes.classes; k++) { largest = max(largest, logits[start + k]); }
  var sum = 0.0;
  for (var k = 0u; k < sizes.classes; k++) { sum += exp(logits[start + k] - largest); }
  return vec2<f32>(largest, sum);
}

@compute @workgroup_size(WORKGROUP)
fn gather(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = elementIndex(group, dispatched, thread);
  if (row >= sizes.rows) { return; }
  let start = row * sizes.classes;
  let measured = measureRow(start);
  let label = u32(labels[row]);
  let weight = classWeights[label];
  rowSums[row] = vec2<f32>(weight * (measured.x + log(measured.y) - logits[start + label]), weight);
}

@compute @workgroup_size(1)
fn finish() {
  var total = vec2<f32>();
  for (var row = 0u; row < sizes.rows; row++) { total += sums[row]; }
  loss[0] = total.x / total.y;
  inverseOutput[0] = 1.0 / total.y;
}

@compute @workgroup_size(WORKGROUP)
fn grad(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = elementIndex(group, dispatched, thread);
  if (row >= sizes.rows) { return; }
  let start = row * sizes.classes;
  let measured = measureRow(start);
  let label = u32(labels[row]);
  let scale = dLoss[0] * inverse[0] * classWeights[label];
  for (var k = 0u; k < sizes.classes; k++) {
    let p = exp(logits[start + k] - measured.x) / measured.y;
    dLogits[start + k] = scale * (p - select(0.0, 1.0, k == label));
  }
}
