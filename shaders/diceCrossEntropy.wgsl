// Dice + cross entropy, forward. p = softmax(logits), t = one-hot label, w = foregroundWeight for labels above 0, else 1.
//   gather   partial sums over every `threads`-th voxel of a sample: sum p t, sum t, sum of p or p p, a class each,
//            then -sum w log p_label                      one thread = one row of partial sums
//   finish   the two losses and the gradient's factors    one thread in all
// Between them the rows are added up (sumRows). After flatText and classText.
// Needs before it: alias LabelNumber, SQUARED, INCLUDE_BACKGROUND.

struct Sizes {
  threads: u32,      // rows of partial sums a sample
  samples: u32,      // of this dispatch
  voxels: u32,       // of a sample
  firstSample: u32,
  rows: u32,         // of the added-up sums: samples of the batch, or 1 over the whole batch
  weightedVoxels: f32, // voxels of the whole batch
  nr: f32,
  dr: f32,
  foregroundWeight: f32,
}

const COLUMNS = 3u * CLASSES + 1u;

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> logits: array<f32>;              // [samples, voxels, K]
@group(0) @binding(2) var<storage, read> labels: array<LabelNumber>;      // [samples, voxels]
@group(0) @binding(3) var<storage, read_write> partialSums: array<f32>;   // [B, threads, COLUMNS]

@group(0) @binding(4) var<storage, read> sums: array<f32>;                // [rows, COLUMNS]
@group(0) @binding(5) var<storage, read_write> dice: array<f32>;          // []
@group(0) @binding(6) var<storage, read_write> crossEntropy: array<f32>;  // []
@group(0) @binding(7) var<storage, read_write> factors: array<f32>;       // [rows, 2 K + 1]

fn sizeTerm(p: Classes) -> Classes {
  if (SQUARED) { return multiplyClasses(p, p); }
  return p;
}

@compute @workgroup_size(WORKGROUP)
fn gather(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = elementIndex(group, dispatched, thread);
  if (index >= sizes.threads * sizes.samples) { return; }
  let sample = index / sizes.threads;
  var overlap = Classes();
  var count = Classes();
  var size = Classes();
  var entropy = 0.0;
  for (var voxel = index % sizes.threads; voxel < sizes.voxels; voxel += sizes.threads) {
    let at = sample * sizes.voxels + voxel;
    let scores = readLogits(at * CLASSES);
    let label = i32(labels[at]);
    let largest = largestClass(scores);
    let powers = exponentials(scores, largest);
    let total = sumClasses(powers);
    let p = scaleClasses(powers, 1.0 / total);
    let t = oneHot(label);
    overlap = addClasses(overlap, multiplyClasses(p, t));
    count = addClasses(count, t);
    size = addClasses(size, sizeTerm(p));
    // A label outside the classes adds nothing, as a one-hot row of zeros would.
    let known = sumClasses(t);
    let weight = select(1.0, sizes.foregroundWeight, label > 0);
    entropy += weight * known * (log(total) + largest - sumClasses(multiplyClasses(scores, t)));
  }
  let row = (sizes.firstSample * sizes.threads + index) * COLUMNS;
  writePartialSums(row, overlap);
  writePartialSums(row + CLASSES, count);
  writePartialSums(row + 2u * CLASSES, size);
  partialSums[row + 3u * CLASSES] = entropy;
}

@compute @workgroup_size(1)
fn finish() {
  let firstClass = select(1u, 0u, INCLUDE_BACKGROUND);
  let share = 1.0 / f32(sizes.rows * (CLASSES - firstClass));
  var diceSum = 0.0;
  var entropy = 0.0;
  var weights = sizes.weightedVoxels;
  for (var row = 0u; row < sizes.rows; row++) {
    let start = row * COLUMNS;
    let place = row * (2u * CLASSES + 1u);
    for (var k = 0u; k < CLASSES; k++) {
      let count = sums[start + CLASSES + k];
      let numerator = 2.0 * sums[start + k] + sizes.nr;
      let denominator = count + sums[start + 2u * CLASSES + k] + sizes.dr;
      let counted = select(0.0, share, k >= firstClass);
      diceSum += counted * (1.0 - numerator / denominator);
      factors[place + k] = counted * 2.0 / denominator;
      factors[place + CLASSES + k] = counted * numerator / denominator / denominator;
      if (k > 0u) { weights += (sizes.foregroundWeight - 1.0) * count; }
    }
    entropy += sums[start + 3u * CLASSES];
  }
  for (var row = 0u; row < sizes.rows; row++) {
    factors[row * (2u * CLASSES + 1u) + 2u * CLASSES] = 1.0 / weights;
  }
  dice[0] = diceSum;
  crossEntropy[0] = entropy / weights;
}
