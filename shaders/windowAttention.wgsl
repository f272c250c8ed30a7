// Fused shifted-window attention, forward:  y = softmax(q e^-1/2 k^T + B + M) v.
// Padding, cyclic shift, partition, window reverse and crop are index arithmetic; the shift mask is computed from
// region labels; softmax runs online (running maximum and sum), so that no score is ever stored.
// Replaced before compiling: HEAD_WIDTH (e), WORKGROUP (threads), KEYS (keys of a tile; variant "shared" only).
//   qkv [B, d, h, w, 3C] · qkvBias [3C] · biasTable [(2*window-1)^3, heads] · y [B, d, h, w, C]
// Variant "registers": one thread = one query slot of one head of one window.
// Variant "shared": one workgroup = one head of one window; keys and values pass through workgroup memory.

struct Layout {
  grid: vec3<u32>,      // d, h, w
  batch: u32,
  counts: vec3<u32>,    // windows along each axis
  heads: u32,
  window: vec3<u32>,    // side of a window along each axis
  tableWindow: u32,     // the layer's window, which the bias table was made for
  shift: vec3<u32>,
  isExact: u32,         // 1: exact window reverse, 0: SMIT's order
}

@group(0) @binding(0) var<storage, read> qkv: array<f32>;
@group(0) @binding(1) var<storage, read> qkvBias: array<f32>;
@group(0) @binding(2) var<storage, read> biasTable: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> plan: Layout;

struct Slot {
  token: u32,     // flat token of the grid, or NONE for padding
  region: u32,
  place: vec3<u32>, // position on the padded, rolled grid
}

const NONE: u32 = 0xffffffffu;

fn unflatten(index: u32, shape: vec3<u32>) -> vec3<u32> {
  return vec3<u32>(index / (shape.y * shape.z), (index / shape.z) % shape.y, index % shape.z);
}

fn regionOf(p: u32, padded: u32, window: u32, shift: u32) -> u32 {
  if (shift == 0u || p < padded - window) { return 0u; }
  return select(2u, 1u, p < padded - shift);
}

// Where slot t of window number n stands.
fn slotAt(n: u32, t: u32) -> Slot {
  let padded = plan.counts * plan.window;
  let place = unflatten(n, plan.counts) * plan.window + unflatten(t, plan.window);
  let source = (place + plan.shift) % padded;
  var slot: Slot;
  slot.place = place;
  slot.token = NONE;
  if (all(source < plan.grid)) { slot.token = (source.x * plan.grid.y + source.y) * plan.grid.z + source.z; }
  slot.region = (regionOf(place.x, padded.x, plan.window.x, plan.shift.x) * 3u
    + regionOf(place.y, padded.y, plan.window.y, plan.shift.y)) * 3u
    + regionOf(place.z, padded.z, plan.window.z, plan.shift.z);
  return slot;
}

// Feature f (0 … 3C-1) of a slot; padded tokens hold the bias. qkv [B, N, 3C]
fn feature(batch: u32, slot: Slot, f: u32) -> f32 {
  if (slot.token == NONE) { return qkvBias[f]; }
  let N = plan.grid.x * plan.grid.y * plan.grid.z;
  return qkv[(batch * N + slot.token) * (3u * plan.heads * HEAD_WIDTHu) + f];
}

// Bias of a (query, key) pair; coordinates are those of the layer's full window (its first T tokens when shrunk).
fn bias(query: u32, key: u32, head: u32) -> f32 {
  let side = plan.tableWindow;
  let shape = vec3<u32>(side, side, side);
  let offset = unflatten(query, shape) + vec3<u32>(side - 1u) - unflatten(key, shape);
  let span = 2u * side - 1u;
  return biasTable[((offset.x * span + offset.y) * span + offset.z) * plan.heads + head];
}

// Token that receives a slot's result, NONE when it falls on padding.
fn receiver(n: u32, t: u32, slot: Slot) -> u32 {
  if (plan.isExact == 1u) { return slot.token; }
  let padded = plan.counts * plan.window;
  let c = unflatten(n, plan.counts);
  let i = unflatten(t, plan.window);
  let flat = ((((c.x * plan.counts.z + c.z) * plan.window.y + i.y) * plan.counts.y + c.y) * plan.window.x + i.x)
    * plan.window.z + i.z;
  let destination = (unflatten(flat, padded) + plan.shift) % padded;
  if (!all(destination < plan.grid)) { return NONE; }
  return (destination.x * plan.grid.y + destination.y) * plan.grid.z + destination.z;
}

struct Softmax {
  maximum: f32,
  sum: f32,
}

fn writeResult(batch: u32, token: u32, head: u32, value: ptr<function, array<f32, HEAD_WIDTH>>, sum: f32) {
  let N = plan.grid.x * plan.grid.y * plan.grid.z;
  let C = plan.heads * HEAD_WIDTHu;
  for (var c = 0u; c < HEAD_WIDTHu; c++) {
    y[(batch * N + token) * C + head * HEAD_WIDTHu + c] = (*value)[c] / sum;
  }
}
