// Activations of SPEC 1 and their derivatives, on four numbers at once: GELU in its exact erf form, LeakyReLU of slope 0.01.
// After `alias Lane = vec4<f32>;` and lib/normalCdf.wgsl.

const SLOPE = 0.01;

fn gelu(z: vec4<f32>) -> vec4<f32> { return z * normalCdf(z); }

fn geluDerivative(z: vec4<f32>) -> vec4<f32> { return normalCdf(z) + z * normalDensity(z); }

fn leakyRelu(z: vec4<f32>) -> vec4<f32> { return select(SLOPE * z, z, z > vec4<f32>(0.0)); }

fn leakyReluDerivative(z: vec4<f32>) -> vec4<f32> {
  return select(vec4<f32>(SLOPE), vec4<f32>(1.0), z > vec4<f32>(0.0));
}
