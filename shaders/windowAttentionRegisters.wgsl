// Variant "registers" of windowAttention.wgsl, which stands before this text.
// Thread index = ((batch * windows + window) * heads + head) * T + query, over two dispatch axes.

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let T = plan.window.x * plan.window.y * plan.window.z;
  let windows = plan.counts.x * plan.counts.y * plan.counts.z;
  let index = id.y * groups.x * WORKGROUPu + id.x;
  if (index >= plan.batch * windows * plan.heads * T) { return; }
  let query = index % T;
  let head = (index / T) % plan.heads;
  let n = (index / (T * plan.heads)) % windows;
  let batch = index / (T * plan.heads * windows);
  let own = slotAt(n, query);
  let token = receiver(n, query, own);
  if (token == NONE) { return; }
  let C = plan.heads * HEAD_WIDTHu;
  var q: array<f32, HEAD_WIDTH>;
  var value: array<f32, HEAD_WIDTH>;
  for (var c = 0u; c < HEAD_WIDTHu; c++) {
    q[c] = feature(batch, own, head * HEAD_WIDTHu + c) * inverseSqrt(f32(HEAD_WIDTHu));
    value[c] = 0.0;
  }
  var state = Softmax(-3.0e38, 0.0);
  for (var key = 0u; key < T; key++) {
    let slot = slotAt(n, key);
    var score = bias(query, key, head);
    for (var c = 0u; c < HEAD_WIDTHu; c++) { score += q[c] * feature(batch, slot, C + head * HEAD_WIDTHu + c); }
    if (slot.region != own.region) { score -= 100.0; }
    let maximum = max(state.maximum, score);
    let keep = exp(state.maximum - maximum);
    let weight = exp(score - maximum);
    state = Softmax(maximum, state.sum * keep + weight);
    for (var c = 0u; c < HEAD_WIDTHu; c++) {
      value[c] = value[c] * keep + weight * feature(batch, slot, 2u * C + head * HEAD_WIDTHu + c);
    }
  }
  writeResult(batch, token, head, &value, state.sum);
}
