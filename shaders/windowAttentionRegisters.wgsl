// Window attention, the variant without workgroup memory: every thread reads k and v from the buffer, a run of keys along
// w at a time. All threads of a workgroup read the same row, which a cache serves. After windowAttention.wgsl.

const KEY_RUN = WINDOW;

fn attendRun(query: ptr<function, Query>, place: Place, d: u32, h: u32) {
  var scores: array<f32, KEY_RUN>;
  var highest = LOWEST;
  let firstSlot = (d * windows.window.y + h) * windows.window.z;
  for (var w = 0u; w < KEY_RUN; w++) {
    scores[w] = LOWEST;
    if (w < windows.window.z) {
      let inside = vec3<u32>(d, h, w);
      var key = readRow(sourceToken(place, inside), KEY, place.head);
      scores[w] = dotRow(&(*query).row, &key)
        + relativeBias((*query).code, relativeCode(firstSlot + w), place.head)
        + regionPenalty((*query).region, regionAt(place, inside));
      highest = max(highest, scores[w]);
    }
  }
  raiseMaximum(query, highest);
  for (var w = 0u; w < windows.window.z; w++) {
    let weight = exp(scores[w] - (*query).maximum);
    var value = readRow(sourceToken(place, vec3<u32>(d, h, w)), VALUE, place.head);
    (*query).total += weight;
    for (var i = 0u; i < LANES; i++) { (*query).mixed[i] += weight * value[i]; }
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let chunks = (slotsPerWindow() + WORKGROUP - 1u) / WORKGROUP;
  let number = group.y * dispatched.x + group.x; // [window, chunk, head]
  let slot = ((number / windows.heads) % chunks) * WORKGROUP + thread;
  let windowNumber = number / windows.heads / chunks;
  // The dispatch is folded into two dimensions and may hold more workgroups than there is work.
  if (windowNumber >= windows.batch * windowsPerSample() || slot >= slotsPerWindow()) { return; }
  let place = placeOf(windowNumber, number % windows.heads);
  var query = openQuery(place, slot);
  for (var d = 0u; d < windows.window.x; d++) {
    for (var h = 0u; h < windows.window.y; h++) { attendRun(&query, place, d, h); }
  }
  closeQuery(&query, place, slot);
}
