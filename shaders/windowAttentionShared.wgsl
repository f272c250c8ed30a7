// Variant "shared" of windowAttention.wgsl, which stands before this text: one workgroup per (batch, window, head);
// keys and values of KEYS slots at a time lie in workgroup memory, queries pass in rounds of WORKGROUP.

var<workgroup> keys: array<f32, KEYS * HEAD_WIDTH>;
var<workgroup> values: array<f32, KEYS * HEAD_WIDTH>;
var<workgroup> regions: array<u32, KEYS>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let T = plan.window.x * plan.window.y * plan.window.z;
  let windows = plan.counts.x * plan.counts.y * plan.counts.z;
  let index = group.y * groups.x + group.x;
  // The whole workgroup is past the end or none of it: barriers below stay uniform.
  if (index >= plan.batch * windows * plan.heads) { return; }
  let head = index % plan.heads;
  let n = (index / plan.heads) % windows;
  let batch = index / (plan.heads * windows);
  let C = plan.heads * HEAD_WIDTHu;
  for (var start = 0u; start < T; start += WORKGROUPu) {
    let query = start + thread;
    let own = slotAt(n, min(query, T - 1u));
    var q: array<f32, HEAD_WIDTH>;
    var value: array<f32, HEAD_WIDTH>;
    for (var c = 0u; c < HEAD_WIDTHu; c++) {
      q[c] = feature(batch, own, head * HEAD_WIDTHu + c) * inverseSqrt(f32(HEAD_WIDTHu));
      value[c] = 0.0;
    }
    var state = Softmax(-3.0e38, 0.0);
    for (var first = 0u; first < T; first += KEYSu) {
      workgroupBarrier();
      for (var k = thread; k < KEYSu; k += WORKGROUPu) {
        if (first + k < T) {
          let slot = slotAt(n, first + k);
          regions[k] = slot.region;
          for (var c = 0u; c < HEAD_WIDTHu; c++) {
            keys[k * HEAD_WIDTHu + c] = feature(batch, slot, C + head * HEAD_WIDTHu + c);
            values[k * HEAD_WIDTHu + c] = feature(batch, slot, 2u * C + head * HEAD_WIDTHu + c);
          }
        }
      }
      workgroupBarrier();
      for (var k = 0u; k < min(KEYSu, T - first); k++) {
        var score = bias(min(query, T - 1u), first + k, head);
        for (var c = 0u; c < HEAD_WIDTHu; c++) { score += q[c] * keys[k * HEAD_WIDTHu + c]; }
        if (regions[k] != own.region) { score -= 100.0; }
        let maximum = max(state.maximum, score);
        let keep = exp(state.maximum - maximum);
        let weight = exp(score - maximum);
        state = Softmax(maximum, state.sum * keep + weight);
        for (var c = 0u; c < HEAD_WIDTHu; c++) { value[c] = value[c] * keep + weight * values[k * HEAD_WIDTHu + c]; }
      }
    }
    if (query < T) {
      let token = receiver(n, query, own);
      if (token != NONE) { writeResult(batch, token, head, &value, state.sum); }
    }
  }
}
