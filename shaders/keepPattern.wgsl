// Keep pattern of patch dropout: exactly `dropped` of a sample's tokens get 0, uniformly without replacement, the others 1.
// A token's key is a keyed permutation of its index, so that keys of a sample are never equal; the tokens with the
// `dropped` smallest keys are dropped. The largest of those is found eight bits at a time by counting (integer atomics:
// counts do not depend on their order). Keys are computed again whenever they are needed: nothing is stored.
// One workgroup = one sample. Needs before it: WORKGROUP = 256.

struct Sizes {
  tokens: u32,
  dropped: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> counter: array<u32>;       // seed, step
@group(0) @binding(2) var<storage, read_write> keep: array<f32>;    // [B, tokens]

var<workgroup> counts: array<atomic<u32>, WORKGROUP>;
var<workgroup> chosen: vec2<u32>;   // digit, keys of smaller digits

// The mixing function of the specification's hash initialiser: each of its steps can be undone.
fn mixBits(value: u32) -> u32 {
  var x = value;
  x ^= x >> 16u;
  x *= 0x7FEB352Du;
  x ^= x >> 15u;
  x *= 0x846CA68Bu;
  x ^= x >> 16u;
  return x;
}

fn keyOf(token: u32, keys: vec2<u32>) -> u32 {
  return mixBits(mixBits(token ^ keys.x) + keys.y);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let sample = group.x;
  let first = mixBits(mixBits(mixBits(counter[0] + 0x9E3779B1u) ^ counter[1]) + sample);
  let keys = vec2<u32>(first, mixBits(first ^ 0x85EBCA6Bu));
  var known = 0u;                   // leading digits of the largest dropped key
  var wanted = sizes.dropped;       // its rank, from 1, among the keys that begin with them
  for (var shift = 24u; shift < 32u; shift -= 8u) {   // 24, 16, 8, 0; then it wraps around
    atomicStore(&counts[thread], 0u);
    workgroupBarrier();
    for (var token = thread; token < sizes.tokens; token += WORKGROUP) {
      let key = keyOf(token, keys);
      if (((key ^ known) >> shift) < 256u) { atomicAdd(&counts[(key >> shift) & 255u], 1u); }
    }
    workgroupBarrier();
    if (thread == 0u) {
      var digit = 0u;
      var below = 0u;
      while (digit < 255u && below + atomicLoad(&counts[digit]) < wanted) {
        below += atomicLoad(&counts[digit]);
        digit++;
      }
      chosen = vec2<u32>(digit, below);
    }
    let choice = workgroupUniformLoad(&chosen);
    known |= choice.x << shift;
    wanted -= choice.y;
  }
  for (var token = thread; token < sizes.tokens; token += WORKGROUP) {
    let isDropped = sizes.dropped > 0u && keyOf(token, keys) <= known;
    keep[sample * sizes.tokens + token] = select(1.0, 0.0, isDropped);
  }
}
