// Shifted-window attention, backward. With P = softmax(S), S = q k^T / sqrt(e) + B + M, y = P v and dP = dy v^T:
//   D = sum_k P dP    dS = P (dP - D)    dq = dS k / sqrt(e)    dk = dS^T q / sqrt(e)    dv = P^T dy    dB = dS
// Probabilities are recomputed from two numbers a query, the logarithm of softmax's sum and D. Five passes in order:
//   differentiateQueries  dq and the two numbers             one thread = one query of one head of one window
//   differentiateKeys     dk, dv; dS of its pairs, summed    one thread = one key slot of one head, over a slice of windows
//   joinSlices            the sums of all slices of a pair   one thread = one pair of one head
//   sumTable              pairs to rows of the bias table    one thread = one row of one head
//   sumPadding            padded tokens' gradients to qkvBias, whose values they hold      one thread = one row
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

// The other side of the pairs, WORKGROUP slots at a time: their index arithmetic is done once a workgroup.
var<workgroup> others: array<Slot, WORKGROUP>;

fn loadOthers(place: Place, first: u32, thread: u32) {
  workgroupBarrier();
  if (first + thread < slotsPerWindow()) { others[thread] = openSlot(place, first + thread); }
  workgroupBarrier();
}

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

// A key as a query sees it. A score of LOWEST stands for no key, whose row then counts nothing.
struct Pair {
  score: f32,
  dP: f32,
  k: Row,
}

const LOWEST = -3.0e38;

fn openPair(head: u32, query: Slot, q: Row, dy: Row, number: u32) -> Pair {
  if (number >= slotsPerWindow()) { return Pair(LOWEST, 0.0, Row()); }
  let key = others[number % WORKGROUP];
  let k = readRow(key.token, KEY, head);
  return Pair(dotRows(q, k) * SCALE + pairBias(head, query, key), dotRows(dy, readRow(key.token, VALUE, head)), k);
}

@compute @workgroup_size(WORKGROUP)
fn differentiateQueries(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let share = shareOf(group, dispatched);
  let slot = share.firstSlot + thread;
  let slots = slotsPerWindow();
  if (!share.isWork) { return; }
  let place = share.place;
  // Threads beyond the last slot keep running: every thread has to reach the barriers.
  let query = openSlot(place, min(slot, slots - 1u));
  let q = readRow(query.token, QUERY, place.head);
  let dy = readOutputGradient(place.head, query);
  // Online softmax over the keys, four at a time: sums of p, p dP, p k and p dP k relative to the maximum score so far.
  var maximum = LOWEST;
  var total = 0.0;
  var mean = 0.0;
  var plain = Row();
  var weighted = Row();
  for (var n = 0u; n < slots; n += 4u) {
    if (n % WORKGROUP == 0u) { loadOthers(place, n, thread); }
    let first = openPair(place.head, query, q, dy, n);
    let second = openPair(place.head, query, q, dy, n + 1u);
    let third = openPair(place.head, query, q, dy, n + 2u);
    let fourth = openPair(place.head, query, q, dy, n + 3u);
    let scores = vec4<f32>(first.score, second.score, third.score, fourth.score);
    let raised = max(maximum, max(max(scores.x, scores.y), max(scores.z, scores.w)));
    let keep = exp(maximum - raised);
    let p = exp(scores - raised);
    let pdP = p * vec4<f32>(first.dP, second.dP, third.dP, fourth.dP);
    maximum = raised;
    total = total * keep + dot(p, vec4<f32>(1.0));
    mean = mean * keep + dot(pdP, vec4<f32>(1.0));
    plain = addScaled(addScaled(scaleRow(plain, keep), p.x, first.k), p.y, second.k);
    plain = addScaled(addScaled(plain, p.z, third.k), p.w, fourth.k);
    weighted = addScaled(addScaled(scaleRow(weighted, keep), pdP.x, first.k), pdP.y, second.k);
    weighted = addScaled(addScaled(weighted, pdP.z, third.k), pdP.w, fourth.k);
  }
  if (slot >= slots) { return; }
  mean /= total;
  statistics[statisticsIndex(place, slot)] = vec2<f32>(maximum + log(total), mean);
  let dq = scaleRow(addScaled(weighted, -mean, plain), SCALE / total);
  writeGradient(place, slot, query, QUERY, dq);
}

@compute @workgroup_size(WORKGROUP)
fn differentiateKeys(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let slots = slotsPerWindow();
  let chunks = (slots + WORKGROUP - 1u) / WORKGROUP;
  let number = group.y * dispatched.x + group.x; // [head, chunk of slots]
  if (number >= windows.heads * chunks) { return; }
  let head = number / chunks;
  let slot = (number % chunks) * WORKGROUP + thread;
  let firstPair = (group.z * windows.heads + head) * slots * slots + slot;
  for (var windowNumber = group.z; windowNumber < windows.batch * windowsPerSample(); windowNumber += dispatched.z) {
    let place = placeOf(windowNumber, head);
    let key = openSlot(place, min(slot, slots - 1u));
    let k = readRow(key.token, KEY, head);
    let v = readRow(key.token, VALUE, head);
    var dk = Row();
    var dv = Row();
    for (var n = 0u; n < slots; n++) {
      if (n % WORKGROUP == 0u) { loadOthers(place, n, thread); }
      let query = others[n % WORKGROUP];
      let q = readRow(query.token, QUERY, head);
      let dy = readOutputGradient(head, query);
      let known = statistics[statisticsIndex(place, n)];
      let p = exp(dotRows(q, k) * SCALE + pairBias(head, query, key) - known.x);
      let dS = p * (dotRows(dy, v) - known.y);
      dk = addScaled(dk, dS * SCALE, q);
      dv = addScaled(dv, p, dy);
      if (slot < slots) {
        // Neighbours in a workgroup write neighbours; a sum over the slice's windows stays in the cache.
        let pair = firstPair + n * slots;
        if (windowNumber == group.z) { pairSums[pair] = dS; } else { pairSums[pair] += dS; }
      }
    }
    if (slot < slots) {
      writeGradient(place, slot, key, KEY, dk);
      writeGradient(place, slot, key, VALUE, dv);
    }
  }
}

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
