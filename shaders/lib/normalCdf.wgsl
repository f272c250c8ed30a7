// The normal distribution function and its density, for GELU in its exact erf form. Needs before it: alias Lane (f32 or a
// vector of them).
// Both polynomials were fitted for this project (least squares, reweighted to the smallest largest error): erf(s) / s - 1 in
// s^2 up to s = 1, erfc(s) exp(s^2) in 1 / (1 + s/2) beyond. |error of erf| <= 1e-7 in single precision; the lower tail is
// never taken as a difference from one, so that it keeps its digits.

const HALF_ROOT = 0.70710678118654752;
const DENSITY_AT_ZERO = 0.39894228040143268;

// P(normal variable < x) = (1 + erf(x / sqrt 2)) / 2
fn normalCdf(x: Lane) -> Lane {
  let s = abs(x) * HALF_ROOT;
  let square = s * s;
  var near = Lane(7.64711876e-05);
  near = near * square - 0.000794235675;
  near = near * square + 0.0051797498;
  near = near * square - 0.0268485919;
  near = near * square + 0.112834305;
  near = near * square - 0.376126051;
  near = near * square + 0.128379151;
  let inner = 0.5 + 0.5 * sign(x) * (s + s * near);
  let t = 1.0 / (1.0 + 0.5 * s);
  var far = Lane(0.0940088108);
  far = far * t - 0.385482997;
  far = far * t + 0.440932661;
  far = far * t - 0.0082171876;
  far = far * t + 0.303949952;
  far = far * t + 0.271564126;
  far = far * t + 0.283158422;
  far = far * t - 4.51559936e-05;
  // Beyond s = 9.2 the tail is below the smallest single; the square of a larger s could overflow.
  let tail = 0.5 * exp(-min(square, Lane(85.0))) * far;
  let outer = select(tail, 1.0 - tail, x > Lane(0.0));
  return select(outer, inner, s < Lane(1.0));
}

fn normalDensity(x: Lane) -> Lane { return DENSITY_AT_ZERO * exp(-0.5 * min(x * x, Lane(170.0))); }
