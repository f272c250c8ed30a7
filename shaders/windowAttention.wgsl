// Shifted-window attention, forward: y = softmax(q k^T / sqrt(e) + B + M) v for every window and head.
// One workgroup = one head of one window and up to WORKGROUP of its T query slots; one thread = one query.
// Softmax is online: blocks of keys, a running maximum and sum, so no row of scores is ever stored.
// After lib/shiftedWindows.wgsl. Constants: WORKGROUP, and with shared tiles KEY_TILE (keys held in workgroup memory).

@group(0) @binding(4) var<storage, read_write> output: array<Lane>;  // [B, d, h, w, heads, LANES]

// A query's state: its q (scaled), the sums over the keys seen so far relative to their maximum score.
struct Query {
  code: i32,
  region: u32,
  row: array<Lane, LANES>,
  maximum: f32,
  total: f32,
  mixed: array<Lane, LANES>,
}

const LOWEST = -3.0e38;

fn openQuery(place: Place, slot: u32) -> Query {
  var query: Query;
  let inside = unflatten(slot, windows.window);
  query.code = relativeCode(slot);
  query.region = regionAt(place, inside);
  query.row = readRow(sourceToken(place, inside), QUERY, place.head);
  for (var i = 0u; i < LANES; i++) { query.row[i] *= SCALE; }
  query.maximum = LOWEST;
  return query;
}

// Makes room for a block whose highest score is given: earlier sums are scaled down to the new maximum.
fn raiseMaximum(query: ptr<function, Query>, highest: f32) {
  let maximum = max((*query).maximum, highest);
  let factor = exp((*query).maximum - maximum);
  (*query).maximum = maximum;
  (*query).total *= factor;
  for (var i = 0u; i < LANES; i++) { (*query).mixed[i] *= factor; }
}

fn closeQuery(query: ptr<function, Query>, place: Place, slot: u32) {
  let token = targetToken(place, unflatten(slot, windows.window));
  if (token == NO_TOKEN) { return; }
  let first = (token * windows.heads + place.head) * LANES;
  let factor = 1.0 / (*query).total;
  for (var i = 0u; i < LANES; i++) { output[first + i] = (*query).mixed[i] * factor; }
}
