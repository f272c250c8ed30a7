// Sharpened cross entropy of rows of K prototypes, forward.
//   l = -sum_k q_k log p_k,   q = softmax((t - c) / tt),   p = softmax(s / ts)
// One row = THREADS threads. A row's four numbers (largest score and log of the sum of exponentials, of student and
// teacher) are all that the backward pass needs. Rows whose mask is 0 are not read.
// After flatText and laneText; needs before it: THREADS, LANES (a row's), fn largestOfRow, sumsOfRow (see the variants),
// fn rowOf(group, dispatched, thread), alias MaskNumber.

struct Sizes {
  rows: u32,             // of this dispatch
  firstRow: u32,
  swapFrom: u32,         // the teacher's row of row r is (r + swapFrom) mod rows
  studentScale: f32,     // 1 / ts
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> student: array<Lane>;                  // [rows, LANES]
@group(0) @binding(2) var<storage, read> teacher: array<Lane>;                  // [rows, LANES]
@group(0) @binding(3) var<storage, read> centre: array<Lane>;                   // [LANES]
@group(0) @binding(4) var<storage, read> teacherTemperature: array<f32>;        // []
@group(0) @binding(5) var<storage, read> mask: array<MaskNumber>;               // [all rows]
@group(0) @binding(6) var<storage, read_write> rowStatistics: array<vec4<f32>>; // [all rows]
@group(0) @binding(7) var<storage, read_write> rowSums: array<vec2<f32>>;       // [all rows]: m l, m

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  // Threads beyond the last row go along with an empty one: the row functions may hold barriers.
  let row = rowOf(group, dispatched, thread);
  let isRow = row < sizes.rows;
  var m = 0.0;
  if (isRow) { m = f32(mask[sizes.firstRow + row]); }
  let lanes = select(0u, LANES, m != 0.0);
  let first = thread % THREADS;
  let own = row * LANES;
  let other = (row + sizes.swapFrom) % sizes.rows * LANES;
  let teacherScale = 1.0 / teacherTemperature[0];
  var largestS = -3.0e38;
  var largestT = -3.0e38;
  for (var lane = first; lane < lanes; lane += THREADS) {
    largestS = max(largestS, largestOf(student[own + lane]));
    largestT = max(largestT, largestOf((teacher[other + lane] - centre[lane]) * teacherScale));
  }
  largestS = largestOfRow(largestS, thread) * sizes.studentScale;
  largestT = largestOfRow(largestT, thread);
  var sums = vec3<f32>();   // of exp(s'), of exp(t'), of exp(t') s'
  for (var lane = first; lane < lanes; lane += THREADS) {
    let s = student[own + lane] * sizes.studentScale - largestS;
    let t = exp((teacher[other + lane] - centre[lane]) * teacherScale - largestT);
    sums += vec3<f32>(sumOf(exp(s)), sumOf(t), sumOf(t * s));
  }
  sums = sumsOfRow(sums, thread);
  if (!isRow || first != 0u) { return; }
  if (m == 0.0) {
    rowStatistics[sizes.firstRow + row] = vec4<f32>();
    rowSums[sizes.firstRow + row] = vec2<f32>();
    return;
  }
  rowStatistics[sizes.firstRow + row] = vec4<f32>(largestS, log(sums.x), largestT, log(sums.y));
  rowSums[sizes.firstRow + row] = vec2<f32>(m * (log(sums.x) - sums.z / sums.y), m);
}
