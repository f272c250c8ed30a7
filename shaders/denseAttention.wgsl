// Self-attention over all tokens of a sample:  y = softmax(q k^T / sqrt(e)) v for every head; token 0 is [CLS].
// One workgroup = one head of one sample and up to WORKGROUP tokens; one thread = one of them. What every pass begins with.
// Needs before it: WORKGROUP, HEAD_WIDTH, TILE; struct Row, one head's e = HEAD_WIDTH numbers, with its functions.
// Letters: B samples, T tokens, C = heads * e.

struct Sizes {
  samples: u32,        // of this dispatch
  tokens: u32,
  heads: u32,
  firstSample: u32,    // of this dispatch
}

const QUERY = 0u;
const KEY = 1u;
const VALUE = 2u;
const SCALE = inverseSqrt(f32(HEAD_WIDTH));

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> qkv: array<Row>;                      // [samples, T, 3, heads]
@group(0) @binding(3) var<storage, read> dOutput: array<Row>;                  // [samples, T, heads]

struct Place {
  sample: u32,         // of this dispatch
  head: u32,
  firstToken: u32,
  isWork: bool,        // the dispatch is folded and may hold more workgroups than there is work
}

fn placeOf(group: vec3<u32>, dispatched: vec3<u32>) -> Place {
  let number = group.y * dispatched.x + group.x;
  let chunks = (sizes.tokens + WORKGROUP - 1u) / WORKGROUP;
  let sample = number / chunks / sizes.heads;
  return Place(sample, number / chunks % sizes.heads, number % chunks * WORKGROUP, sample < sizes.samples);
}

fn rowNumber(place: Place, token: u32, part: u32) -> u32 {
  return ((place.sample * sizes.tokens + token) * 3u + part) * sizes.heads + place.head;
}

fn readRow(place: Place, token: u32, part: u32) -> Row { return qkv[rowNumber(place, token, part)]; }

fn outputRow(place: Place, token: u32) -> u32 {
  return (place.sample * sizes.tokens + token) * sizes.heads + place.head;
}

// Of a token among [B, heads, T].
fn statisticsNumber(place: Place, token: u32) -> u32 {
  return ((sizes.firstSample + place.sample) * sizes.heads + place.head) * sizes.tokens + token;
}
