// From sums over each sample's rows to the loss:  loss = mean over r of sum_n m l / max(sum_n m, 1).  One thread in all.

struct Sizes {
  samples: u32,   // R
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> sums: array<vec2<f32>>;           // [R]: sum of m l, sum of m
@group(0) @binding(2) var<storage, read_write> loss: array<f32>;           // []
@group(0) @binding(3) var<storage, read_write> shares: array<f32>;         // [R]: 1 / (R max(sum of m, 1))

@compute @workgroup_size(1)
fn main() {
  var total = 0.0;
  for (var r = 0u; r < sizes.samples; r++) {
    let count = max(sums[r].y, 1.0);
    total += sums[r].x / count;
    shares[r] = 1.0 / (count * f32(sizes.samples));
  }
  loss[0] = total / f32(sizes.samples);
}
