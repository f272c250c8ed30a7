// Window attention, the variant without workgroup memory: every thread reads k and v from the buffer, a run of keys along
// w at a time. All threads of a workgroup read the same row, which a cache serves. After windowAttention.wgsl.

const KEY_RUN = WINDOW;

// Keys (d, h, 0 .. ww-1) of the window. What depends on d and h alone is computed once for the run.
fn attendRun(query: ptr<function, Query>, place: Place, d: u32, h: u32) {
  let start = unroll(rolledPosition(place, vec3<u32>(d, h, 0u)));
  let isInside = all(start.xy < windows.grid.xy);
  let firstToken = place.sample * tokensPerSample() + flatten(vec3<u32>(start.xy, 0u), windows.grid);
  let paddedWidth = windows.counts.z * windows.window.z;
  let firstSlot = (d * windows.window.y + h) * windows.window.z;
  var tokens: array<u32, KEY_RUN>;
  var scores: array<f32, KEY_RUN>;
  var highest = LOWEST;
  for (var w = 0u; w < KEY_RUN; w++) {
    scores[w] = LOWEST;
    if (w >= windows.window.z) { continue; }
    let across = select(start.z + w, start.z + w - paddedWidth, start.z + w >= paddedWidth);
    tokens[w] = select(NO_TOKEN, firstToken + across, isInside && across < windows.grid.z);
    var key = readRow(tokens[w], KEY, place.head);
    var score = relativeBias((*query).code, relativeCode(firstSlot + w), place.head)
      + regionPenalty((*query).region, regionAt(place, vec3<u32>(d, h, w)));
    for (var i = 0u; i < LANES; i++) { score += laneDot((*query).row[i], key[i]); }
    scores[w] = score;
    highest = max(highest, score);
  }
  raiseMaximum(query, highest);
  for (var w = 0u; w < KEY_RUN; w++) {
    if (w >= windows.window.z) { continue; }
    let weight = exp(scores[w] - (*query).maximum);
    var value = readRow(tokens[w], VALUE, place.head);
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
  let share = shareOf(group, dispatched);
  let slot = share.firstSlot + thread;
  if (!share.isWork || slot >= slotsPerWindow()) { return; }
  var query = openQuery(share.place, slot);
  for (var d = 0u; d < windows.window.x; d++) {
    for (var h = 0u; h < windows.window.y; h++) { attendRun(&query, share.place, d, h); }
  }
  closeQuery(&query, share.place, slot);
}
