// Sharpened cross entropy, backward:  ds = dLoss m share / ts (p - q), probabilities from the row's four numbers.
//   weigh    a row's factor                 one thread = one row
//   main     ds                             one thread = one lane of a row
// After flatText and laneText; needs before it: LANES (a row's), alias MaskNumber.

struct Sizes {
  rows: u32,             // of this dispatch
  firstRow: u32,
  swapFrom: u32,         // the teacher's row of row r is (r + swapFrom) mod rows
  rowsPerSample: u32,    // N
  studentScale: f32,     // 1 / ts
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> student: array<Lane>;              // [rows, LANES]
@group(0) @binding(2) var<storage, read> teacher: array<Lane>;              // [rows, LANES]
@group(0) @binding(3) var<storage, read> centre: array<Lane>;               // [LANES]
@group(0) @binding(4) var<storage, read> teacherTemperature: array<f32>;    // []
@group(0) @binding(5) var<storage, read> rowStatistics: array<vec4<f32>>;   // [all rows]
@group(0) @binding(6) var<storage, read> rowFactors: array<f32>;            // [all rows]
@group(0) @binding(7) var<storage, read_write> dStudent: array<Lane>;       // [rows, LANES]

@group(0) @binding(8) var<storage, read> mask: array<MaskNumber>;           // [all rows]
@group(0) @binding(9) var<storage, read> shares: array<f32>;                // [R]
@group(0) @binding(10) var<storage, read> dLoss: array<f32>;                // []
@group(0) @binding(11) var<storage, read_write> factorsOutput: array<f32>;  // [all rows]

@compute @workgroup_size(WORKGROUP)
fn weigh(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = elementIndex(group, dispatched, thread);
  if (row >= sizes.rows) { return; }
  factorsOutput[row] = dLoss[0] * f32(mask[row]) * shares[row / sizes.rowsPerSample] * sizes.studentScale;
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = elementIndex(group, dispatched, thread);
  if (index >= sizes.rows * LANES) { return; }
  let row = index / LANES;
  let lane = index % LANES;
  let factor = rowFactors[sizes.firstRow + row];
  if (factor == 0.0) {
    dStudent[index] = Lane();
    return;
  }
  let known = rowStatistics[sizes.firstRow + row];
  let other = (row + sizes.swapFrom) % sizes.rows * LANES + lane;
  let s = student[index] * sizes.studentScale - known.x;
  let t = (teacher[other] - centre[lane]) / teacherTemperature[0] - known.z;
  dStudent[index] = (exp(s - known.y) - exp(t - known.w)) * factor;
}
