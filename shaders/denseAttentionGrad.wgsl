// Attention over all tokens, backward. With P = softmax(S), S = q k^T / sqrt(e), y = P v and dP = dy v^T, to whose first row
// come the gradients of the first row of P and of its mean over heads:
//   D = sum_k P dP    dS = P (dP - D)    dq = dS k / sqrt(e)    dk = dS^T q / sqrt(e)    dv = P^T dy
// P is recomputed from the logarithm of softmax's sum. Two passes in order:
//   differentiateQueries  dq and D      one thread = one query of one head
//   differentiateKeys     dk and dv     one thread = one key of one head
// No atomics: every sum has one owner and a fixed order. After denseAttention.wgsl, one of its two variants, and clsGradient().

// Read only, although it could be shared with the forward pass: a plan keeps several inputs in one buffer, which must not
// be written where it is read.
@group(0) @binding(2) var<storage, read> logSums: array<f32>;             // [B, heads, T]: logarithm of softmax's sum
@group(0) @binding(4) var<storage, read_write> dQkv: array<Row>;          // [samples, T, 3, heads]
@group(0) @binding(5) var<storage, read_write> means: array<f32>;         // [B, heads, T]: D

fn probabilityGradient(place: Place, query: u32, key: u32, dy: Row, v: Row) -> f32 {
  let fromOutput = dotRows(dy, v);
  if (query > 0u) { return fromOutput; }
  return fromOutput + clsGradient(place, key);
}

@compute @workgroup_size(WORKGROUP)
fn differentiateQueries(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = placeOf(group, dispatched);
  if (!place.isWork) { return; }
  // Threads beyond the last query keep running: every thread has to reach the barriers.
  let query = min(place.firstToken + thread, sizes.tokens - 1u);
  let q = scaleRow(readRow(place, query, QUERY), SCALE);
  let dy = dOutput[outputRow(place, query)];
  let logSum = logSums[statisticsNumber(place, query)];
  var mean = 0.0;
  var plain = Row();      // sum of p k
  var weighted = Row();   // sum of p dP k
  for (var first = 0u; first < sizes.tokens; first += TILE) {
    loadKeys(place, first, thread);
    let count = min(TILE, sizes.tokens - first);
    for (var at = 0u; at < count; at++) {
      let k = keyAt(place, first, at);
      let p = exp(dotRows(q, k) - logSum);
      let pdP = p * probabilityGradient(place, query, first + at, dy, valueAt(place, first, at));
      mean += pdP;
      plain = addScaled(plain, p, k);
      weighted = addScaled(weighted, pdP, k);
    }
  }
  if (place.firstToken + thread >= sizes.tokens) { return; }
  means[statisticsNumber(place, query)] = mean;
  dQkv[rowNumber(place, query, QUERY)] = scaleRow(addScaled(weighted, -mean, plain), SCALE);
}

@compute @workgroup_size(WORKGROUP)
fn differentiateKeys(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = placeOf(group, dispatched);
  if (!place.isWork) { return; }
  let key = min(place.firstToken + thread, sizes.tokens - 1u);
  let k = scaleRow(readRow(place, key, KEY), SCALE);
  let v = readRow(place, key, VALUE);
  var dk = Row();
  var dv = Row();
  for (var first = 0u; first < sizes.tokens; first += TILE) {
    loadQueries(place, first, thread);
    let count = min(TILE, sizes.tokens - first);
    for (var at = 0u; at < count; at++) {
      let query = first + at;
      let number = statisticsNumber(place, query);
      let q = queryAt(place, first, at);
      let dy = gradientAt(place, first, at);
      let p = exp(dotRows(q, k) - logSums[number]);
      let dS = p * (probabilityGradient(place, query, key, dy, v) - means[number]);
      dk = addScaled(dk, dS * SCALE, q);
      dv = addScaled(dv, p, dy);
    }
  }
  if (place.firstToken + thread >= sizes.tokens) { return; }
  dQkv[rowNumber(place, key, KEY)] = dk;
  dQkv[rowNumber(place, key, VALUE)] = dv;
}
