// GROUP threads a row, a power of two: their sums are joined pairwise through workgroup memory. All threads must call it.

var<workgroup> sums: array<f32, WORKGROUP>;

fn sumOverRow(value: f32, thread: u32) -> f32 {
  sums[thread] = value;
  workgroupBarrier();
  for (var distance = GROUP / 2u; distance > 0u; distance /= 2u) {
    if (thread % GROUP < distance) { sums[thread] += sums[thread + distance]; }
    workgroupBarrier();
  }
  let sum = sums[thread - thread % GROUP];
  workgroupBarrier();
  return sum;
}
