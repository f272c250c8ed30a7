fn writeMoments(batch: u32, number: u32, lane: u32, mean: vec4<f32>, squares: vec4<f32>, count: f32) {
  let sample = sizes.firstSample + batch;
  for (var i = 0u; i < 4u; i++) {
    let channel = 4u * lane + i;
    if (channel >= sizes.channels) { break; }
    output[2u * sample * sizes.channels + channel] = mean[i] * count;
    output[(2u * sample + 1u) * sizes.channels + channel] = squares[i];
  }
}
