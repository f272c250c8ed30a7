// Patch embedding, backward:
//   dx[child, input] = sum over channels of dy[block] weight[child, input]
//   dWeight[child, input] = sum over blocks of dy[block] x[child, input]      dBias = sum over blocks of dy[block]
//   differentiateInput       one thread = one input channel of one voxel
//   differentiateParameters  sums over a slice of blocks; slices are joined by sumRows
//                            one thread = one lane of one slice, all eight children of one input channel
// After patchEmbed.wgsl and accumulate(), which adds dy times each child to eight sums in named lanes.

@group(0) @binding(5) var<storage, read> dOutput: array<Lane>;              // [samples, coarse grid, lanes]
@group(0) @binding(6) var<storage, read_write> dInput: array<f32>;          // as x
@group(0) @binding(7) var<storage, read_write> weightSums: array<Lane>;     // [all slices, 8 children, inputs, lanes]
@group(0) @binding(8) var<storage, read_write> biasSums: array<Lane>;       // [all slices, lanes]

@compute @workgroup_size(WORKGROUP)
fn differentiateInput(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = elementIndex(group, dispatched, thread);
  let voxel = index / sizes.inputs;
  let column = voxel / sizes.grid.z;
  let line = column / sizes.grid.y;
  let sample = line / sizes.grid.x;
  if (sample >= sizes.samples) { return; }
  let at = vec3<u32>(line % sizes.grid.x, column % sizes.grid.y, voxel % sizes.grid.z);
  let coarse = coarseGrid();
  let block = ((sample * coarse.x + at.x / 2u) * coarse.y + at.y / 2u) * coarse.z + at.z / 2u;
  let child = ((at.x & 1u) << 2u) | ((at.y & 1u) << 1u) | (at.z & 1u);
  let row = child * sizes.inputs + index % sizes.inputs;
  var sum = Lane();
  for (var lane = 0u; lane < sizes.lanes; lane++) {
    sum += dOutput[block * sizes.lanes + lane] * weight[row * sizes.lanes + lane];
  }
  dInput[index] = sumOf(sum);
}

@compute @workgroup_size(WORKGROUP)
fn differentiateParameters(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = elementIndex(group, dispatched, thread);
  let lane = index % sizes.lanes;
  let input = index / sizes.lanes % sizes.inputs;
  let slice = index / sizes.lanes / sizes.inputs;
  let blocks = blocksPerSample();
  let slicesPerSample = (blocks + sizes.rowsPerSlice - 1u) / sizes.rowsPerSlice;
  let sample = slice / slicesPerSample;
  if (sample >= sizes.samples) { return; }
  let first = sample * blocks + slice % slicesPerSample * sizes.rowsPerSlice;
  let end = min(first + sizes.rowsPerSlice, (sample + 1u) * blocks);
  var sums = Children();
  var biasSum = Lane();
  for (var number = first; number < end; number++) {
    let dy = dOutput[number * sizes.lanes + lane];
    sums = accumulate(sums, dy, blockOf(number), input);
    biasSum += dy;
  }
  writeChildren(sums, ((sizes.firstSlice + slice) * 8u * sizes.inputs + input) * sizes.lanes + lane);
  if (input == 0u) { biasSums[(sizes.firstSlice + slice) * sizes.lanes + lane] = biasSum; }
}
