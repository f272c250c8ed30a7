// Attention over all tokens, forward. Softmax is online: four keys at a time, so that no row of scores is ever stored.
//   attend      y and the logarithms of the sums     one thread = one query of one head
//   attendCls   the first row of the attention, and its mean over heads for all tokens but [CLS]: SATT (SPEC 3)
//                                                    one thread = one key
// After denseAttention.wgsl, one of its two variants and lib/onlineSoftmax.wgsl.

@group(0) @binding(2) var<storage, read_write> logSums: array<f32>;             // [B, heads, T]: logarithm of softmax's sum
@group(0) @binding(4) var<storage, read_write> output: array<Row>;              // [samples, T, heads]
@group(0) @binding(5) var<storage, read_write> probabilities: array<f32>;       // [B, heads, T]
@group(0) @binding(6) var<storage, read_write> satt: array<f32>;                // [B, T - 1]

fn scoreOf(q: Row, place: Place, first: u32, at: u32) -> f32 {
  if (first + at >= sizes.tokens) { return LOWEST; }
  return dotRows(q, keyAt(place, first, at));
}

@compute @workgroup_size(WORKGROUP)
fn attend(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = placeOf(group, dispatched);
  if (!place.isWork) { return; }
  // Threads beyond the last query keep running: every thread has to reach the barriers.
  let query = place.firstToken + thread;
  let q = scaleRow(readRow(place, min(query, sizes.tokens - 1u), QUERY), SCALE);
  var softmax = openSoftmax();
  for (var first = 0u; first < sizes.tokens; first += TILE) {
    loadKeys(place, first, thread);
    let count = min(TILE, sizes.tokens - first);
    for (var at = 0u; at < count; at += 4u) {
      let scores = vec4<f32>(
        scoreOf(q, place, first, at), scoreOf(q, place, first, at + 1u),
        scoreOf(q, place, first, at + 2u), scoreOf(q, place, first, at + 3u));
      softmax = addKeys(softmax, scores,
        valueAt(place, first, at), valueAt(place, first, at + 1u),
        valueAt(place, first, at + 2u), valueAt(place, first, at + 3u));
    }
  }
  if (query >= sizes.tokens) { return; }
  output[outputRow(place, query)] = scaleRow(softmax.mixed, 1.0 / softmax.total);
  logSums[statisticsNumber(place, query)] = softmax.maximum + log(softmax.total);
}

@compute @workgroup_size(WORKGROUP)
fn attendCls(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let number = (group.y * dispatched.x + group.x) * WORKGROUP + thread;
  let sample = number / sizes.tokens;
  let key = number % sizes.tokens;
  if (sample >= sizes.samples) { return; }
  var sum = 0.0;
  for (var head = 0u; head < sizes.heads; head++) {
    let place = Place(sample, head, 0u, true);
    let score = dotRows(scaleRow(readRow(place, 0u, QUERY), SCALE), readRow(place, key, KEY));
    let p = exp(score - logSums[statisticsNumber(place, 0u)]);
    probabilities[statisticsNumber(place, key)] = p;
    sum += p;
  }
  if (key > 0u) { satt[(sizes.firstSample + sample) * (sizes.tokens - 1u) + key - 1u] = sum / f32(sizes.heads); }
}
