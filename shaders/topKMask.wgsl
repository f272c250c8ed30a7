// Attention mask by rank:  rank_i = #(a_j > a_i) + #(a_j = a_i, j < i);  1 where firstRank <= rank < endRank, else 0.
// One thread = one token. All threads of a sample read the same value at the same time. After flatText.

struct Sizes {
  threads: u32,    // samples * tokens
  tokens: u32,     // N
  firstRank: u32,
  endRank: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> attention: array<f32>;    // [B, N]
@group(0) @binding(2) var<storage, read_write> mask: array<f32>;   // [B, N]

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = elementIndex(group, dispatched, thread);
  if (index >= sizes.threads) { return; }
  let start = index / sizes.tokens * sizes.tokens;
  let own = attention[index];
  var rank = 0u;
  for (var other = start; other < index; other++) { rank += select(0u, 1u, attention[other] >= own); }
  for (var other = index + 1u; other < start + sizes.tokens; other++) {
    rank += select(0u, 1u, attention[other] > own);
  }
  mask[index] = select(0.0, 1.0, rank >= sizes.firstRank && rank < sizes.endRank);
}
