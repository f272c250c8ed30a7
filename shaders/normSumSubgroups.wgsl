// GROUP threads a row, a power of two: their sums are joined within subgroups by shuffles, the subgroups' through workgroup
// memory, with two barriers instead of one a halving. All threads must call it. Threads of a subgroup are neighbours in the
// workgroup's order, which every driver does and WGSL does not promise: a GPU's answers are compared with the CPU's before
// they are believed.

var<workgroup> sums: array<f32, WORKGROUP>;

// The sizes of subgroups are the same for all of a workgroup that they fill: no thread goes another way.
@diagnostic(off, subgroup_uniformity)
fn sumOverRow(value: f32, thread: u32) -> f32 {
  let members = countOneBits(subgroupBallot(true));
  let size = min(members.x + members.y + members.z + members.w, GROUP);
  var sum = value;
  for (var distance = 1u; distance < size; distance *= 2u) { sum += subgroupShuffleXor(sum, distance); }
  sums[thread] = sum;
  workgroupBarrier();
  sum = 0.0;
  let first = thread - thread % GROUP;
  for (var member = 0u; member < GROUP; member += size) { sum += sums[first + member]; }
  workgroupBarrier();
  return sum;
}
