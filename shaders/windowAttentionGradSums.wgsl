// Window attention, backward: the passes that sum what the pairs left, one thread a sum. After windowAttentionGrad.wgsl.

// Flat number of a thread of a folded dispatch.
fn threadNumber(group: vec3<u32>, dispatched: vec3<u32>, thread: u32) -> u32 {
  return (group.y * dispatched.x + group.x) * WORKGROUP + thread;
}

// Into the first slice, so that each pair is read once a table row.
@compute @workgroup_size(WORKGROUP)
fn joinSlices(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let pairs = windows.heads * slotsPerWindow() * slotsPerWindow();
  let pair = threadNumber(group, dispatched, thread);
  if (pair >= pairs) { return; }
  var sum = 0.0;
  for (var at = pair; at < arrayLength(&pairSums); at += pairs) { sum += pairSums[at]; }
  pairSums[pair] = sum;
}

@compute @workgroup_size(WORKGROUP)
fn sumTable(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let slots = slotsPerWindow();
  let number = threadNumber(group, dispatched, thread); // [row, head]
  if (number >= SPAN * SPAN * SPAN * windows.heads) { return; }
  let head = number % windows.heads;
  let offset = vec3<i32>(unflatten(number / windows.heads, vec3<u32>(SPAN))) - i32(WINDOW - 1u); // query minus key
  var sum = 0.0;
  for (var key = 0u; key < slots; key++) {
    let at = vec3<i32>(unflatten(key, vec3<u32>(WINDOW))) + offset;
    if (any(at < vec3<i32>(0)) || any(at >= vec3<i32>(i32(WINDOW)))) { continue; }
    let query = flatten(vec3<u32>(at), vec3<u32>(WINDOW));
    if (query >= slots) { continue; }
    sum += pairSums[(head * slots + query) * slots + key];
  }
  dBiasTable[number] = sum;
}

@compute @workgroup_size(WORKGROUP)
fn sumPadding(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = threadNumber(group, dispatched, thread); // [part, head]
  let rows = 3u * windows.heads;
  if (row >= rows) { return; }
  var sum = Row();
  for (var n = 0u; n < windows.batch * windows.paddingSlots; n++) { sum = addScaled(sum, 1.0, dPadding[n * rows + row]); }
  dQkvBias[row] = sum;
}
