// Momentum update of any number of parameters that stand one after the other:  teacher = m teacher + (1 - m) student.
// One thread = one lane (4 elements or 1). After flatText, laneText and updateText(teacher).

struct Sizes {
  lanes: u32,   // of this dispatch
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(7) var<storage, read> student: array<Lane>;
@group(0) @binding(8) var<storage, read> momentum: array<f32>;   // []

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) dispatched: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let lane = elementIndex(group, dispatched, thread);
  if (lane >= sizes.lanes) { return; }
  storeTeacher(lane, loadTeacher(lane) * momentum[0] + student[lane] * (1.0 - momentum[0]));
}
