// Window attention, the variant with k and v of KEY_TILE keys in workgroup memory: each row is read and its index computed
// once a workgroup instead of once a query. After windowAttention.wgsl. KEY_TILE <= WORKGROUP, a multiple of four.

var<workgroup> keyTile: array<Row, KEY_TILE>;
var<workgroup> valueTile: array<Row, KEY_TILE>;
var<workgroup> keyCode: array<i32, KEY_TILE>;
var<workgroup> keyRegion: array<u32, KEY_TILE>;

fn loadKey(place: Place, slot: u32, at: u32) {
  let inside = unflatten(slot, windows.window);
  let token = sourceToken(place, inside);
  keyTile[at] = readRow(token, KEY, place.head);
  valueTile[at] = readRow(token, VALUE, place.head);
  keyCode[at] = relativeCode(slot);
  keyRegion[at] = regionAt(place, inside);
}

fn scoreOf(query: Query, head: u32, at: u32, count: u32) -> f32 {
  if (at >= count) { return LOWEST; }
  return dotRows(query.row, keyTile[at])
    + relativeBias(query.code, keyCode[at], head)
    + regionPenalty(query.region, keyRegion[at]);
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let share = shareOf(group, dispatched);
  if (!share.isWork) { return; }
  let place = share.place;
  let slots = slotsPerWindow();
  let slot = share.firstSlot + thread;
  // Threads beyond the last query keep running: every thread has to reach the barriers.
  let query = openQuery(place, min(slot, slots - 1u));
  var softmax = openSoftmax();
  for (var first = 0u; first < slots; first += KEY_TILE) {
    let count = min(KEY_TILE, slots - first);
    workgroupBarrier();
    if (thread < count) { loadKey(place, first + thread, thread); }
    workgroupBarrier();
    for (var at = 0u; at < count; at += 4u) {
      let scores = vec4<f32>(
        scoreOf(query, place.head, at, count), scoreOf(query, place.head, at + 1u, count),
        scoreOf(query, place.head, at + 2u, count), scoreOf(query, place.head, at + 3u, count));
      softmax = addKeys(softmax, scores, valueTile[at], valueTile[at + 1u], valueTile[at + 2u], valueTile[at + 3u]);
    }
  }
  if (slot < slots) { writeResult(softmax, place, slot); }
}
