// Window attention, backward: the pass over keys. After windowAttentionGrad.wgsl.

struct Key {
  slot: Slot,
  k: Row,
  v: Row,
}

fn openKey(place: Place, number: u32) -> Key {
  let slot = openSlot(place, min(number, slotsPerWindow() - 1u));
  return Key(slot, readRow(slot.token, KEY, place.head), readRow(slot.token, VALUE, place.head));
}

struct KeySums {
  dk: Row,
  dv: Row,
}

// One query's part; returns dS of the pair.
fn addQuery(sums: ptr<function, KeySums>, key: Key, head: u32, at: u32) -> f32 {
  let q = firstRows[at];
  let dy = secondRows[at];
  let p = exp(dotRows(q, key.k) * SCALE + pairBias(head, others[at], key.slot) - known[at].x);
  let dS = p * (dotRows(dy, key.v) - known[at].y);
  (*sums).dk = addScaled((*sums).dk, dS * SCALE, q);
  (*sums).dv = addScaled((*sums).dv, p, dy);
  return dS;
}

// Neighbours in a workgroup write neighbours; a sum over the slice's windows stays in the cache.
fn addPair(pair: u32, dS: f32, isFirst: bool) {
  if (isFirst) { pairSums[pair] = dS; } else { pairSums[pair] += dS; }
}

fn writeKey(sums: KeySums, place: Place, number: u32, slot: Slot) {
  if (number >= slotsPerWindow()) { return; }
  writeGradient(place, number, slot, KEY, sums.dk);
  writeGradient(place, number, slot, VALUE, sums.dv);
}

@compute @workgroup_size(WORKGROUP)
fn differentiateKeys(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let slots = slotsPerWindow();
  let chunks = (slots + WORKGROUP * PER_THREAD - 1u) / (WORKGROUP * PER_THREAD);
  let share = group.y * dispatched.x + group.x; // [head, chunk of slots]
  if (share >= windows.heads * chunks) { return; }
  let head = share / chunks;
  let number = (share % chunks) * WORKGROUP * PER_THREAD + thread;
  let otherNumber = number + (PER_THREAD - 1u) * WORKGROUP;
  let firstPair = (group.z * windows.heads + head) * slots * slots;
  for (var windowNumber = group.z; windowNumber < windows.batch * windowsPerSample(); windowNumber += dispatched.z) {
    let place = placeOf(windowNumber, head);
    let isFirst = windowNumber == group.z;
    let key = openKey(place, number);
    let other = openKey(place, otherNumber);
    var sums = KeySums(Row(), Row());
    var otherSums = sums;
    for (var first = 0u; first < slots; first += TILE) {
      let count = min(TILE, slots - first);
      loadQueries(place, first, count, thread);
      for (var at = 0u; at < count; at++) {
        let pairs = firstPair + (first + at) * slots;
        let dS = addQuery(&sums, key, head, at);
        if (number < slots) { addPair(pairs + number, dS, isFirst); }
        if (PER_THREAD == 2u) {
          let otherDS = addQuery(&otherSums, other, head, at);
          if (otherNumber < slots) { addPair(pairs + otherNumber, otherDS, isFirst); }
        }
      }
    }
    writeKey(sums, place, number, key.slot);
    if (PER_THREAD == 2u) { writeKey(otherSums, place, otherNumber, other.slot); }
  }
}
