// Dice + cross entropy, backward. With the forward's factors f_k = 2 / den, g_k = num / den^2 (times the share of a class
// in the mean) and s = 1 / sum w:
//   dp_k = dDice (g_k [2 p_k or 1] - f_k t_k)     dlogits_j = p_j (dp_j - sum_k dp_k p_k) + dCE s w (p_j - t_j)
// One thread = one voxel. After flatText and classText; needs before it: alias LabelNumber, SQUARED.

struct Sizes {
  voxels: u32,             // of this dispatch
  voxelsPerRow: u32,       // of a sample, or of the whole batch
  firstRow: u32,
  foregroundWeight: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> logits: array<f32>;            // [voxels, K]
@group(0) @binding(2) var<storage, read> labels: array<LabelNumber>;    // [voxels]
@group(0) @binding(3) var<storage, read> factors: array<f32>;           // [rows, 2 K + 1]
@group(0) @binding(4) var<storage, read> dDice: array<f32>;             // []
@group(0) @binding(5) var<storage, read> dCrossEntropy: array<f32>;     // []
@group(0) @binding(6) var<storage, read_write> dLogits: array<f32>;     // [voxels, K]

fn sizeSlope(p: Classes) -> Classes {
  if (SQUARED) { return scaleClasses(p, 2.0); }
  return exponentials(Classes(), 0.0);   // ones
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let voxel = elementIndex(group, dispatched, thread);
  if (voxel >= sizes.voxels) { return; }
  let row = (sizes.firstRow + voxel / sizes.voxelsPerRow) * (2u * CLASSES + 1u);
  let scores = readLogits(voxel * CLASSES);
  let label = i32(labels[voxel]);
  let powers = exponentials(scores, largestClass(scores));
  let p = scaleClasses(powers, 1.0 / sumClasses(powers));
  let t = oneHot(label);
  let overlapSlope = scaleClasses(multiplyClasses(readFactors(row), t), -dDice[0]);
  let slope = scaleClasses(multiplyClasses(readFactors(row + CLASSES), sizeSlope(p)), dDice[0]);
  let dP = addClasses(overlapSlope, slope);
  let mean = sumClasses(multiplyClasses(dP, p));
  let weight = select(1.0, sizes.foregroundWeight, label > 0) * sumClasses(t);
  let entropy = dCrossEntropy[0] * weight * factors[row + 2u * CLASSES];
  let dDicePart = addClasses(multiplyClasses(p, dP), scaleClasses(p, -mean));
  let dEntropyPart = scaleClasses(addClasses(p, scaleClasses(t, -1.0)), entropy);
  writeDLogits(voxel * CLASSES, addClasses(dDicePart, dEntropyPart));
}
