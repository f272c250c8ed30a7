// Shifted-window attention, forward: y = softmax(q k^T / sqrt(e) + B + M) v for every window and head.
// One workgroup = one head of one window and up to WORKGROUP * PER_THREAD of its T query slots. Keys and values pass through
// workgroup memory, TILE at a time: each row is read and its index computed once a workgroup, and what a thread reads there
// serves its one or two queries. Softmax is online: four keys at a time, so that no row of scores is ever stored.
// After lib/shiftedWindows.wgsl and lib/onlineSoftmax.wgsl. TILE: a multiple of four.

@group(0) @binding(4) var<storage, read_write> output: array<Row>;  // [B, d, h, w, heads]

struct Query {
  code: i32,
  region: u32,
  row: Row,       // q / sqrt(e)
}

fn openQuery(place: Place, slot: u32) -> Query {
  let inside = unflatten(slot, windows.window);
  let row = readRow(sourceToken(place, inside), QUERY, place.head);
  return Query(relativeCode(slot), regionAt(place, inside), scaleRow(row, SCALE));
}

fn writeResult(softmax: Softmax, place: Place, slot: u32) {
  if (slot >= slotsPerWindow()) { return; }
  let token = targetToken(place, unflatten(slot, windows.window));
  if (token == NO_TOKEN) { return; }
  output[token * windows.heads + place.head] = scaleRow(softmax.mixed, 1.0 / softmax.total);
}

var<workgroup> keyTile: array<Row, TILE>;
var<workgroup> valueTile: array<Row, TILE>;
var<workgroup> keyCode: array<i32, TILE>;
var<workgroup> keyRegion: array<u32, TILE>;

fn loadKeys(place: Place, first: u32, count: u32, thread: u32) {
  workgroupBarrier();
  for (var at = thread; at < count; at += WORKGROUP) {
    let inside = unflatten(first + at, windows.window);
    let token = sourceToken(place, inside);
    keyTile[at] = readRow(token, KEY, place.head);
    valueTile[at] = readRow(token, VALUE, place.head);
    keyCode[at] = relativeCode(first + at);
    keyRegion[at] = regionAt(place, inside);
  }
  workgroupBarrier();
}

fn scoreOf(query: Query, head: u32, key: Row, at: u32) -> f32 {
  return dotRows(query.row, key)
    + relativeBias(query.code, keyCode[at], head)
    + regionPenalty(query.region, keyRegion[at]);
}

// Scores of the thread's queries for one key; LOWEST where there is no key or no second query.
fn scoresOf(query: Query, other: Query, head: u32, at: u32, count: u32) -> vec2<f32> {
  let key = keyTile[at];
  var scores = vec2<f32>(scoreOf(query, head, key, at), LOWEST);
  if (PER_THREAD == 2u) { scores.y = scoreOf(other, head, key, at); }
  return select(vec2<f32>(LOWEST), scores, at < count);
}

fn mix(softmax: ptr<function, Softmax>, other: ptr<function, Softmax>, at: u32, weights: vec2<f32>) {
  let value = valueTile[at];
  (*softmax).mixed = addScaled((*softmax).mixed, weights.x, value);
  if (PER_THREAD == 2u) { (*other).mixed = addScaled((*other).mixed, weights.y, value); }
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
  let head = place.head;
  let slots = slotsPerWindow();
  let slot = share.firstSlot + thread;
  // Threads beyond the last query keep running: every thread has to reach the barriers.
  let query = openQuery(place, min(slot, slots - 1u));
  let other = openQuery(place, min(slot + (PER_THREAD - 1u) * WORKGROUP, slots - 1u));
  var softmax = openSoftmax();
  var otherSoftmax = openSoftmax();
  for (var first = 0u; first < slots; first += TILE) {
    let count = min(TILE, slots - first);
    loadKeys(place, first, count, thread);
    for (var at = 0u; at < count; at += 4u) {
      let a = scoresOf(query, other, head, at, count);
      let b = scoresOf(query, other, head, at + 1u, count);
      let c = scoresOf(query, other, head, at + 2u, count);
      let d = scoresOf(query, other, head, at + 3u, count);
      let weights = weigh(&softmax, vec4<f32>(a.x, b.x, c.x, d.x));
      var otherWeights: vec4<f32>;
      if (PER_THREAD == 2u) { otherWeights = weigh(&otherSoftmax, vec4<f32>(a.y, b.y, c.y, d.y)); }
      mix(&softmax, &otherSoftmax, at, vec2<f32>(weights.x, otherWeights.x));
      mix(&softmax, &otherSoftmax, at + 1u, vec2<f32>(weights.y, otherWeights.y));
      mix(&softmax, &otherSoftmax, at + 2u, vec2<f32>(weights.z, otherWeights.z));
      mix(&softmax, &otherSoftmax, at + 3u, vec2<f32>(weights.w, otherWeights.w));
    }
  }
  writeResult(softmax, place, slot);
  if (PER_THREAD == 2u) { writeResult(otherSoftmax, place, slot + WORKGROUP); }
}
