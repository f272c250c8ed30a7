// dx of rows as they lie in memory.

fn writeGradients(member: Member, r: RowGradient) {
  for (var lane = member.first; lane < sizes.lanes; lane += GROUP) {
    dInput[member.row * sizes.lanes + lane] = gradientAt(member.row, lane, r);
  }
}
