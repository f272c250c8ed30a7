// Softmax over scores that come four at a time, weighing rows of values: a running maximum and sums, so that no row of scores
// is ever stored. Needs before it: struct Row with scaleRow(), addScaled().

// Sums over the keys seen so far, relative to their highest score.
struct Softmax {
  maximum: f32,
  total: f32,
  mixed: Row,
}

const LOWEST = -3.0e38;

fn openSoftmax() -> Softmax { return Softmax(LOWEST, 0.0, Row()); }

// Four more keys; a score of LOWEST stands for no key, whose value then counts nothing.
fn addKeys(before: Softmax, scores: vec4<f32>, first: Row, second: Row, third: Row, fourth: Row) -> Softmax {
  let maximum = max(before.maximum, max(max(scores.x, scores.y), max(scores.z, scores.w)));
  let keep = exp(before.maximum - maximum);
  let weights = exp(scores - maximum);
  var mixed = scaleRow(before.mixed, keep);
  mixed = addScaled(mixed, weights.x, first);
  mixed = addScaled(mixed, weights.y, second);
  mixed = addScaled(mixed, weights.z, third);
  mixed = addScaled(mixed, weights.w, fourth);
  return Softmax(maximum, before.total * keep + dot(weights, vec4<f32>(1.0)), mixed);
}
