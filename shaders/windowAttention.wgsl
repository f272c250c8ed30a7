// Shifted-window attention, forward: y = softmax(q k^T / sqrt(e) + B + M) v for every window and head.
// One workgroup = one head of one window and up to WORKGROUP of its T query slots; one thread = one query.
// Softmax is online: four keys at a time, a running maximum and sums, so no row of scores is ever stored.
// After lib/shiftedWindows.wgsl, before one of the two variants, which differ in how a query comes by its keys.

@group(0) @binding(4) var<storage, read_write> output: array<Row>;  // [B, d, h, w, heads]

struct Query {
  code: i32,
  region: u32,
  row: Row,       // q / sqrt(e)
}

// Sums over the keys seen so far, relative to their highest score.
struct Softmax {
  maximum: f32,
  total: f32,
  mixed: Row,
}

const LOWEST = -3.0e38;

fn openQuery(place: Place, slot: u32) -> Query {
  let inside = unflatten(slot, windows.window);
  let row = readRow(sourceToken(place, inside), QUERY, place.head);
  return Query(relativeCode(slot), regionAt(place, inside), scaleRow(row, SCALE));
}

fn openSoftmax() -> Softmax { return Softmax(LOWEST, 0.0, Row()); }

// Four more keys; a score of LOWEST stands for no key, whose value then counts nothing.
fn addKeys(before: Softmax, scores: vec4<f32>, first: Row, second: Row, third: Row, fourth: Row) -> Softmax {
  let maximum = max(before.maximum, max(max(scores.x, scores.y), max(scores.z, scores.w)));
  let keep = exp(before.maximum - maximum);
  let weights = exp(scores - maximum);
  var mixed = scaleRow(before.mixed, keep);
  mixed = addScaled(mixed, weights.x, first);
  mixed = addScaled(mixed, weights.y, second);
  mixed = addScaled(mixed, weights.z, third);
  mixed = addScaled(mixed, weights.w, fourth);
  return Softmax(maximum, before.total * keep + dot(weights, vec4<f32>(1.0)), mixed);
}

fn writeResult(softmax: Softmax, place: Place, slot: u32) {
  let token = targetToken(place, unflatten(slot, windows.window));
  if (token == NO_TOKEN) { return; }
  output[token * windows.heads + place.head] = scaleRow(softmax.mixed, 1.0 / softmax.total);
}
