// Shifted-window attention, forward: y = softmax(q k^T / sqrt(e) + B + M) v for every window and head.
// One workgroup = one head of one window and up to WORKGROUP of its T query slots; one thread = one query.
// Softmax is online: four keys at a time, a running maximum and sums, so no row of scores is ever stored.
// After lib/shiftedWindows.wgsl and lib/onlineSoftmax.wgsl, before one of the two variants, which differ in how a query comes
// by its keys.

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
  let token = targetToken(place, unflatten(slot, windows.window));
  if (token == NO_TOKEN) { return; }
  output[token * windows.heads + place.head] = scaleRow(softmax.mixed, 1.0 / softmax.total);
}
