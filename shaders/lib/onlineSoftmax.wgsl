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

// Weights of four more keys, whose values are then to be mixed; a score of LOWEST stands for no key and weighs nothing.
fn weigh(softmax: ptr<function, Softmax>, scores: vec4<f32>) -> vec4<f32> {
  let before = (*softmax).maximum;
  let maximum = max(before, max(max(scores.x, scores.y), max(scores.z, scores.w)));
  let keep = exp(before - maximum);
  let weights = exp(scores - maximum);
  (*softmax).maximum = maximum;
  (*softmax).total = (*softmax).total * keep + dot(weights, vec4<f32>(1.0));
  (*softmax).mixed = scaleRow((*softmax).mixed, keep);
  return weights;
}

fn addKeys(before: Softmax, scores: vec4<f32>, first: Row, second: Row, third: Row, fourth: Row) -> Softmax {
  var softmax = before;
  let weights = weigh(&softmax, scores);
  softmax.mixed = addScaled(softmax.mixed, weights.x, first);
  softmax.mixed = addScaled(softmax.mixed, weights.y, second);
  softmax.mixed = addScaled(softmax.mixed, weights.z, third);
  softmax.mixed = addScaled(softmax.mixed, weights.w, fourth);
  return softmax;
}
