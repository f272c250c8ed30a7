// Shifted 3-D windows over a padded, rolled token grid (SPEC 2.1, 2.2): which token stands in a window's slot, which token
// receives a slot's result, which region a slot belongs to. All is index arithmetic; nothing is moved in memory.
// Needs before it: WORKGROUP, PER_THREAD, WINDOW, HEAD_WIDTH; struct Row, one head's e = HEAD_WIDTH numbers in named lanes (no loop and
// no indexed local array, which keeps them in registers), with dotRows(), scaleRow(), addScaled().
// Letters: B batch, d h w grid, N = d*h*w, windows wd wh ww with T slots, counts nd nh nw, C = heads * HEAD_WIDTH.

struct Windows {
  grid: vec3<u32>,      // d, h, w
  batch: u32,
  window: vec3<u32>,    // wd, wh, ww
  heads: u32,
  counts: vec3<u32>,    // nd, nh, nw
  isSmitReverse: u32,
  shift: vec3<u32>,
  paddingSlots: u32,    // positions of one sample's padded grid that hold no token
}

const NO_TOKEN = 0xffffffffu;
const QUERY = 0u;
const KEY = 1u;
const VALUE = 2u;
const SCALE = inverseSqrt(f32(HEAD_WIDTH));
const OTHER_REGION = -100.0;

@group(0) @binding(0) var<uniform> windows: Windows;
@group(0) @binding(1) var<storage, read> qkv: array<Row>;          // [B, d, h, w, 3, heads]
@group(0) @binding(2) var<storage, read> qkvBias: array<Row>;      // [3, heads]
@group(0) @binding(3) var<storage, read> biasTable: array<f32>;    // [(2 WINDOW - 1)^3, heads]

// One head of one window: the work of a workgroup.
struct Place {
  sample: u32,
  window: vec3<u32>,
  windowNumber: u32,    // sample * (nd nh nw) + index of the window
  head: u32,
}

fn slotsPerWindow() -> u32 { return windows.window.x * windows.window.y * windows.window.z; }
fn windowsPerSample() -> u32 { return windows.counts.x * windows.counts.y * windows.counts.z; }
fn tokensPerSample() -> u32 { return windows.grid.x * windows.grid.y * windows.grid.z; }

fn placeOf(windowNumber: u32, head: u32) -> Place {
  let sample = windowNumber / windowsPerSample();
  return Place(sample, unflatten(windowNumber % windowsPerSample(), windows.counts), windowNumber, head);
}

fn unflatten(index: u32, shape: vec3<u32>) -> vec3<u32> {
  return vec3<u32>(index / (shape.y * shape.z), (index / shape.z) % shape.y, index % shape.z);
}

fn flatten(position: vec3<u32>, shape: vec3<u32>) -> u32 {
  return (position.x * shape.y + position.y) * shape.z + position.z;
}

fn rolledPosition(place: Place, inside: vec3<u32>) -> vec3<u32> { return place.window * windows.window + inside; }

// A workgroup's share: up to WORKGROUP * PER_THREAD slots of a place, each thread's a WORKGROUP apart. Workgroups count [window, chunk of slots, head]; the dispatch is
// folded into two dimensions and may hold more of them than there is work.
struct Share {
  place: Place,
  firstSlot: u32,
  isWork: bool,
}

fn shareOf(group: vec3<u32>, dispatched: vec3<u32>) -> Share {
  let chunks = (slotsPerWindow() + WORKGROUP * PER_THREAD - 1u) / (WORKGROUP * PER_THREAD);
  let number = group.y * dispatched.x + group.x;
  let windowNumber = number / windows.heads / chunks;
  let place = placeOf(windowNumber, number % windows.heads);
  let firstSlot = ((number / windows.heads) % chunks) * WORKGROUP * PER_THREAD;
  return Share(place, firstSlot, windowNumber < windows.batch * windowsPerSample());
}

// Position on the padded grid before the roll.
fn unroll(rolled: vec3<u32>) -> vec3<u32> {
  let padded = windows.counts * windows.window;
  let position = rolled + windows.shift;
  return select(position, position - padded, position >= padded);
}

// Token of the whole batch at a position of the padded grid, NO_TOKEN where it is padding.
fn tokenAt(sample: u32, position: vec3<u32>) -> u32 {
  if (any(position >= windows.grid)) { return NO_TOKEN; }
  return sample * tokensPerSample() + flatten(position, windows.grid);
}

fn sourceToken(place: Place, inside: vec3<u32>) -> u32 {
  return tokenAt(place.sample, unroll(rolledPosition(place, inside)));
}

// Token that receives the result of a slot. Windows are reversed exactly, or in the order of the public SMIT code, whose
// buffer [nd, nw, wh, nh, wd, ww] is read as if it were the padded grid.
fn targetToken(place: Place, inside: vec3<u32>) -> u32 {
  if (windows.isSmitReverse == 0u) { return sourceToken(place, inside); }
  let outer = (place.window.x * windows.counts.z + place.window.z) * windows.window.y + inside.y; // [nd, nw, wh]
  let inner = (outer * windows.counts.y + place.window.y) * windows.window.x + inside.x;          // [.., nh, wd]
  let index = inner * windows.window.z + inside.z;                                                // [.., ww]
  return tokenAt(place.sample, unroll(unflatten(index, windows.counts * windows.window)));
}

// Label of the rolled grid's region: 3 values an axis, one where the axis is not shifted.
fn regionAt(place: Place, inside: vec3<u32>) -> u32 {
  let rolled = rolledPosition(place, inside);
  let padded = windows.counts * windows.window;
  let isLastWindow = vec3<u32>(rolled >= padded - windows.window);
  let isWrapped = vec3<u32>(rolled >= padded - windows.shift);
  let label = select(vec3<u32>(0u), isLastWindow + isWrapped, windows.shift > vec3<u32>(0u));
  return (label.x * 3u + label.y) * 3u + label.z;
}

fn regionPenalty(queryRegion: u32, keyRegion: u32) -> f32 {
  return select(OTHER_REGION, 0.0, queryRegion == keyRegion);
}

// Row of the bias table for (query, key) = relativeCode(query) - relativeCode(key) + RELATIVE_CENTRE. Slots are numbered
// within the FULL window also where "shrink" cut it: a quirk of MONAI that its checkpoints rely on.
const SPAN = 2u * WINDOW - 1u;
const RELATIVE_CENTRE = i32((WINDOW - 1u) * (SPAN * SPAN + SPAN + 1u));

fn relativeCode(slot: u32) -> i32 {
  return i32(flatten(unflatten(slot, vec3<u32>(WINDOW)), vec3<u32>(SPAN)));
}

fn relativeBias(queryCode: i32, keyCode: i32, head: u32) -> f32 {
  return biasTable[u32(queryCode - keyCode + RELATIVE_CENTRE) * windows.heads + head];
}

// Number of q, k or v of one head among the rows of qkv, [token, part, head].
fn rowNumber(token: u32, part: u32, head: u32) -> u32 { return (token * 3u + part) * windows.heads + head; }

fn readRow(token: u32, part: u32, head: u32) -> Row {
  if (token == NO_TOKEN) { return qkvBias[rowNumber(0u, part, head)]; }
  return qkv[rowNumber(token, part, head)];
}
