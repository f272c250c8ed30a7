fn writeMoments(batch: u32, number: u32, lane: u32, mean: vec4<f32>, squares: vec4<f32>, count: f32) {
  output[2u * number] = mean;
  output[2u * number + 1u] = squares;
}
