// Window attention, the variant without workgroup memory: every thread reads k and v from the buffer, a run of keys along
// w at a time. All threads of a workgroup read the same row, which a cache serves. After windowAttention.wgsl.

// Keys (d, h, 0 .. ww-1) of a window: what depends on d and h alone.
struct Run {
  inside: vec2<u32>,
  firstSlot: u32,
  firstToken: u32,      // of the row (d, h) on the grid
  isRowInside: bool,
  start: u32,           // position of the run's first key along w, before the roll
}

fn openRun(place: Place, d: u32, h: u32) -> Run {
  let start = unroll(rolledPosition(place, vec3<u32>(d, h, 0u)));
  let firstToken = place.sample * tokensPerSample() + flatten(vec3<u32>(start.xy, 0u), windows.grid);
  let firstSlot = (d * windows.window.y + h) * windows.window.z;
  return Run(vec2<u32>(d, h), firstSlot, firstToken, all(start.xy < windows.grid.xy), start.z);
}

fn tokenOf(run: Run, w: u32) -> u32 {
  let paddedWidth = windows.counts.z * windows.window.z;
  let across = select(run.start + w, run.start + w - paddedWidth, run.start + w >= paddedWidth);
  return select(NO_TOKEN, run.firstToken + across, run.isRowInside && across < windows.grid.z);
}

fn scoreOf(query: Query, place: Place, run: Run, w: u32) -> f32 {
  if (w >= windows.window.z) { return LOWEST; }
  return dotRows(query.row, readRow(tokenOf(run, w), KEY, place.head))
    + relativeBias(query.code, relativeCode(run.firstSlot + w), place.head)
    + regionPenalty(query.region, regionAt(place, vec3<u32>(run.inside, w)));
}

fn valueOf(place: Place, run: Run, w: u32) -> Row { return readRow(tokenOf(run, w), VALUE, place.head); }

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let share = shareOf(group, dispatched);
  let slot = share.firstSlot + thread;
  if (!share.isWork || slot >= slotsPerWindow()) { return; }
  let place = share.place;
  let query = openQuery(place, slot);
  var softmax = openSoftmax();
  for (var d = 0u; d < windows.window.x; d++) {
    for (var h = 0u; h < windows.window.y; h++) {
      let run = openRun(place, d, h);
      for (var w = 0u; w < windows.window.z; w += 4u) {
        let scores = vec4<f32>(
          scoreOf(query, place, run, w), scoreOf(query, place, run, w + 1u),
          scoreOf(query, place, run, w + 2u), scoreOf(query, place, run, w + 3u));
        softmax = addKeys(softmax, scores, valueOf(place, run, w), valueOf(place, run, w + 1u),
          valueOf(place, run, w + 2u), valueOf(place, run, w + 3u));
      }
    }
  }
  writeResult(softmax, place, slot);
}
