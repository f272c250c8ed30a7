// Window attention, the variant with k and v of KEY_TILE keys in workgroup memory: each row is read and its index computed
// once a workgroup instead of once a query. After windowAttention.wgsl. KEY_TILE <= WORKGROUP, a multiple of KEY_BLOCK.

const KEY_BLOCK = 4u;

var<workgroup> keyTile: array<Lane, KEY_TILE * LANES>;    // [KEY_TILE, LANES]
var<workgroup> valueTile: array<Lane, KEY_TILE * LANES>;  // [KEY_TILE, LANES]
var<workgroup> keyCode: array<i32, KEY_TILE>;
var<workgroup> keyRegion: array<u32, KEY_TILE>;

fn loadKey(place: Place, slot: u32, at: u32) {
  let inside = unflatten(slot, windows.window);
  let token = sourceToken(place, inside);
  var key = readRow(token, KEY, place.head);
  var value = readRow(token, VALUE, place.head);
  for (var i = 0u; i < LANES; i++) {
    keyTile[at * LANES + i] = key[i];
    valueTile[at * LANES + i] = value[i];
  }
  keyCode[at] = relativeCode(slot);
  keyRegion[at] = regionAt(place, inside);
}

fn attendBlock(query: ptr<function, Query>, head: u32, start: u32, count: u32) {
  var scores: array<f32, KEY_BLOCK>;
  var highest = LOWEST;
  for (var n = 0u; n < KEY_BLOCK; n++) {
    scores[n] = LOWEST;
    if (start + n < count) {
      let at = start + n;
      var score = relativeBias((*query).code, keyCode[at], head) + regionPenalty((*query).region, keyRegion[at]);
      for (var i = 0u; i < LANES; i++) { score += laneDot((*query).row[i], keyTile[at * LANES + i]); }
      scores[n] = score;
      highest = max(highest, score);
    }
  }
  raiseMaximum(query, highest);
  for (var n = 0u; n < KEY_BLOCK; n++) {
    if (start + n < count) {
      let weight = exp(scores[n] - (*query).maximum);
      (*query).total += weight;
      for (var i = 0u; i < LANES; i++) { (*query).mixed[i] += weight * valueTile[(start + n) * LANES + i]; }
    }
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
  let slots = slotsPerWindow();
  if (!share.isWork) { return; }
  // Threads beyond the last query keep running: every thread has to reach the barriers.
  var query = openQuery(share.place, min(slot, slots - 1u));
  for (var first = 0u; first < slots; first += KEY_TILE) {
    let count = min(KEY_TILE, slots - first);
    workgroupBarrier();
    if (thread < count) { loadKey(share.place, first + thread, thread); }
    workgroupBarrier();
    for (var start = 0u; start < count; start += KEY_BLOCK) { attendBlock(&query, share.place.head, start, count); }
  }
  if (slot < slots) { closeQuery(&query, share.place, slot); }
}
