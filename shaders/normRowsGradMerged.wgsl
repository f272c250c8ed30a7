// dx of gathered rows: each child receives the sum over the slots that hold it, none or several in the order monai_v1. Every
// voxel is the child of one row, so that it is written once.

fn writeGradients(member: Member, r: RowGradient) {
  let lanesPerChild = sizes.lanes / 8u;
  for (var at = member.first; at < sizes.lanes; at += GROUP) {
    let child = at / lanesPerChild;
    let lane = at % lanesPerChild;
    let voxel = voxelOf(member.row, child);
    if (voxel == OUTSIDE) { continue; }
    var sum = Lane();
    for (var slot = 0u; slot < 8u; slot++) {
      if (childInSlot(slot) == child) { sum += gradientAt(member.row, slot * lanesPerChild + lane, r); }
    }
    dInput[voxel * lanesPerChild + lane] = sum;
  }
}
