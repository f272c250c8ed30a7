// Shifted-window attention, backward. With P = softmax(S), S = q k^T / sqrt(e) + B + M, y = P v and dP = dy v^T:
//   D = sum_k P dP    dS = P (dP - D)    dq = dS k / sqrt(e)    dk = dS^T q / sqrt(e)    dv = P^T dy    dB = dS
// Probabilities are recomputed from two numbers a query, the logarithm of softmax's sum and D. Five passes in order; the second
// is in windowAttentionGradKeys.wgsl, those after it in windowAttentionGradSums.wgsl:
//   differentiateQueries  dq and the two numbers             one thread = one or two queries of one head of one window
//   differentiateKeys     dk, dv; dS of its pairs, summed    one thread = one or two key slots of one head, over a slice of
//                                                            windows
//   joinSlices            the sums of all slices of a pair   one thread = one pair of one head
//   sumTable              pairs to rows of the bias table    one thread = one row of one head
//   sumPadding            padded tokens' gradients to qkvBias, whose values they hold      one thread = one row
// The other side of the pairs passes through workgroup memory, TILE slots at a time, a multiple of four.
// No atomics: every sum has one owner and a fixed order, so that a run can be repeated bit by bit.
// After lib/shiftedWindows.wgsl.

@group(0) @binding(4) var<storage, read> dOutput: array<Row>;                // [B, d, h, w, heads]
@group(0) @binding(5) var<storage, read_write> dQkv: array<Row>;             // [B, d, h, w, 3, heads]
@group(0) @binding(6) var<storage, read_write> dPadding: array<Row>;         // [B, paddingSlots, 3, heads]
@group(0) @binding(7) var<storage, read_write> statistics: array<vec2<f32>>; // [B nd nh nw, heads, T]: log sum, D
@group(0) @binding(8) var<storage, read_write> pairSums: array<f32>;         // [slices, heads, T, T]
@group(0) @binding(9) var<storage, read_write> dBiasTable: array<f32>;       // [(2 WINDOW - 1)^3, heads]
@group(0) @binding(10) var<storage, read_write> dQkvBias: array<Row>;        // [3, heads]

// Slot of a place: all that a pair needs to know of it.
struct Slot {
  code: i32,
  region: u32,
  token: u32,   // whose q, k, v it holds
  receiver: u32, // token that received its result
}

fn openSlot(place: Place, slot: u32) -> Slot {
  let inside = unflatten(slot, windows.window);
  return Slot(relativeCode(slot), regionAt(place, inside), sourceToken(place, inside), targetToken(place, inside));
}

// The other side of the pairs: keys with k and v, or queries with q, dy and the two numbers.
var<workgroup> others: array<Slot, TILE>;
var<workgroup> firstRows: array<Row, TILE>;
var<workgroup> secondRows: array<Row, TILE>;
var<workgroup> known: array<vec2<f32>, TILE>;

fn pairBias(head: u32, query: Slot, key: Slot) -> f32 {
  return relativeBias(query.code, key.code, head) + regionPenalty(query.region, key.region);
}

// Row of dy for a query slot; zeros where no token received its result.
fn readOutputGradient(head: u32, query: Slot) -> Row {
  if (query.receiver == NO_TOKEN) { return Row(); }
  return dOutput[query.receiver * windows.heads + head];
}

// Number of a padding position among the padding positions of its sample's padded grid: its index less the tokens before.
fn paddingNumber(position: vec3<u32>) -> u32 {
  let grid = windows.grid;
  var tokens = min(position.x, grid.x) * grid.y * grid.z;
  if (position.x < grid.x) {
    tokens += min(position.y, grid.y) * grid.z;
    if (position.y < grid.y) { tokens += min(position.z, grid.z); }
  }
  return flatten(position, windows.counts * windows.window) - tokens;
}

fn writeGradient(place: Place, number: u32, slot: Slot, part: u32, gradient: Row) {
  if (slot.token == NO_TOKEN) {
    let position = unroll(rolledPosition(place, unflatten(number, windows.window)));
    let padding = place.sample * windows.paddingSlots + paddingNumber(position);
    dPadding[rowNumber(padding, part, place.head)] = gradient;
  } else {
    dQkv[rowNumber(slot.token, part, place.head)] = gradient;
  }
}

fn statisticsIndex(place: Place, slot: u32) -> u32 {
  return (place.windowNumber * windows.heads + place.head) * slotsPerWindow() + slot;
}

fn loadKeys(place: Place, first: u32, count: u32, thread: u32) {
  workgroupBarrier();
  for (var at = thread; at < count; at += WORKGROUP) {
    let key = openSlot(place, first + at);
    others[at] = key;
    firstRows[at] = readRow(key.token, KEY, place.head);
    secondRows[at] = readRow(key.token, VALUE, place.head);
  }
  workgroupBarrier();
}

fn loadQueries(place: Place, first: u32, count: u32, thread: u32) {
  workgroupBarrier();
  for (var at = thread; at < count; at += WORKGROUP) {
    let query = openSlot(place, first + at);
    others[at] = query;
    firstRows[at] = readRow(query.token, QUERY, place.head);
    secondRows[at] = readOutputGradient(place.head, query);
    known[at] = statistics[statisticsIndex(place, first + at)];
  }
  workgroupBarrier();
}

const LOWEST = -3.0e38;

struct Query {
  slot: Slot,
  q: Row,
  dy: Row,
}

fn openQuery(place: Place, number: u32) -> Query {
  let slot = openSlot(place, min(number, slotsPerWindow() - 1u));
  return Query(slot, readRow(slot.token, QUERY, place.head), readOutputGradient(place.head, slot));
}

// Online softmax over the keys, four at a time: sums of p, p dP, p k and p dP k relative to the highest score so far.
struct QuerySums {
  maximum: f32,
  total: f32,
  mean: f32,
  plain: Row,
  weighted: Row,
}

// Score and dP of a pair. A score of LOWEST stands for no key, whose row then counts nothing.
fn openPair(query: Query, head: u32, at: u32, count: u32) -> vec2<f32> {
  let score = dotRows(query.q, firstRows[at]) * SCALE + pairBias(head, query.slot, others[at]);
  return vec2<f32>(select(LOWEST, score, at < count), dotRows(query.dy, secondRows[at]));
}

fn addKey(sums: ptr<function, QuerySums>, at: u32, p: f32, pdP: f32) {
  let k = firstRows[at];
  (*sums).plain = addScaled((*sums).plain, p, k);
  (*sums).weighted = addScaled((*sums).weighted, pdP, k);
}

fn addFourKeys(sums: ptr<function, QuerySums>, query: Query, head: u32, at: u32, count: u32) {
  let a = openPair(query, head, at, count);
  let b = openPair(query, head, at + 1u, count);
  let c = openPair(query, head, at + 2u, count);
  let d = openPair(query, head, at + 3u, count);
  let scores = vec4<f32>(a.x, b.x, c.x, d.x);
  let before = (*sums).maximum;
  let maximum = max(before, max(max(scores.x, scores.y), max(scores.z, scores.w)));
  let keep = exp(before - maximum);
  let p = exp(scores - maximum);
  let pdP = p * vec4<f32>(a.y, b.y, c.y, d.y);
  (*sums).maximum = maximum;
  (*sums).total = (*sums).total * keep + dot(p, vec4<f32>(1.0));
  (*sums).mean = (*sums).mean * keep + dot(pdP, vec4<f32>(1.0));
  (*sums).plain = scaleRow((*sums).plain, keep);
  (*sums).weighted = scaleRow((*sums).weighted, keep);
  addKey(sums, at, p.x, pdP.x);
  addKey(sums, at + 1u, p.y, pdP.y);
  addKey(sums, at + 2u, p.z, pdP.z);
  addKey(sums, at + 3u, p.w, pdP.w);
}

fn writeQuery(sums: QuerySums, place: Place, number: u32, slot: Slot) {
  if (number >= slotsPerWindow()) { return; }
  let mean = sums.mean / sums.total;
  statistics[statisticsIndex(place, number)] = vec2<f32>(sums.maximum + log(sums.total), mean);
  let dq = scaleRow(addScaled(sums.weighted, -mean, sums.plain), SCALE / sums.total);
  writeGradient(place, number, slot, QUERY, dq);
}

@compute @workgroup_size(WORKGROUP)
fn differentiateQueries(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let share = shareOf(group, dispatched);
  let slots = slotsPerWindow();
  if (!share.isWork) { return; }
  let place = share.place;
  // Threads beyond the last slot keep running: every thread has to reach the barriers.
  let number = share.firstSlot + thread;
  let otherNumber = number + (PER_THREAD - 1u) * WORKGROUP;
  let query = openQuery(place, number);
  let other = openQuery(place, otherNumber);
  var sums = QuerySums(LOWEST, 0.0, 0.0, Row(), Row());
  var otherSums = sums;
  for (var first = 0u; first < slots; first += TILE) {
    let count = min(TILE, slots - first);
    loadKeys(place, first, count, thread);
    for (var at = 0u; at < count; at += 4u) {
      addFourKeys(&sums, query, place.head, at, count);
      if (PER_THREAD == 2u) { addFourKeys(&otherSums, other, place.head, at, count); }
    }
  }
  writeQuery(sums, place, number, query.slot);
  if (PER_THREAD == 2u) { writeQuery(otherSums, place, otherNumber, other.slot); }
}
