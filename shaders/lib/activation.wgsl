// Activations of SPEC 1 and their derivatives, on four numbers at once: GELU in its exact erf form, LeakyReLU of slope 0.01.

const SLOPE = 0.01;

// Two polynomials fitted for this project at Chebyshev nodes: erf(x) / x in x^2 up to 1, erfc(x) exp(x^2) in 1 / (1 + x/2)
// beyond. Largest error 1.3e-7 in single precision; from 4.2 on erf is 1 in single precision.
fn erf4(x: vec4<f32>) -> vec4<f32> {
  let far = min(abs(x), vec4<f32>(4.2));
  let square = far * far;
  let near = far * ((((((7.88249712e-05 * square - 0.000801885499) * square + 0.00518931194) * square - 0.0268543288) * square + 0.112835975) * square - 0.376126269) * square + 1.12837917);
  let t = 1.0 / (1.0 + 0.5 * far);
  let tail = 1.0 - exp(-square) * ((((((-0.0579633644 * t - 0.0437671778) * t + 0.386657751) * t + 0.112748454) * t + 0.32657172) * t + 0.274455466) * t + 0.000538750578);
  return select(tail, near, far < vec4<f32>(1.0)) * sign(x);
}

fn gelu(z: vec4<f32>) -> vec4<f32> { return 0.5 * z * (1.0 + erf4(z * 0.707106781)); }

fn geluDerivative(z: vec4<f32>) -> vec4<f32> {
  return 0.5 * (1.0 + erf4(z * 0.707106781)) + z * exp(-0.5 * z * z) * 0.398942280;
}

fn leakyRelu(z: vec4<f32>) -> vec4<f32> { return select(SLOPE * z, z, z > vec4<f32>(0.0)); }

fn leakyReluDerivative(z: vec4<f32>) -> vec4<f32> {
  return select(vec4<f32>(SLOPE), vec4<f32>(1.0), z > vec4<f32>(0.0));
}
