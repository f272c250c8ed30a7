// The part of the slice shader that paints the lab's coarse grid over a crop: cells keep their edges, nothing is smoothed.
// Hatching is drawn in screen pixels, dark beside light, so that it reads over any window.

import { PREDICTED_RGB, TRUTH_RGB } from './palette.ts'

const rgb = (colour: readonly number[]) => `vec3(${colour.map(level => (level / 255).toFixed(4)).join(', ')})`

/** Colours in the palette's third row: magma. */
export const MAGMA_ROW = 5 / 6

// NiiVue finds uniforms by a pattern: one declaration a line, `uniform <qualifiers> <name>;`.
export const CROP_UNIFORMS = `uniform highp sampler3D cropMap;
uniform highp usampler3D cropClasses;
uniform highp usampler3D cropMarks;
uniform vec3 cropLow;
uniform vec3 cropSize;
uniform float cropMapStrength;
uniform float cropClassStrength;
uniform int cropMarked;
uniform int cropOutlined;
uniform float hatchPixels;`

// Codes of marks: 1 masked, 2 hint, 3 dropped (insight/painting.ts).
export const CROP_FUNCTIONS = `
ivec3 cellAt(vec3 inCrop, ivec3 size) {
  return clamp(ivec3(floor(inCrop * vec3(size))), ivec3(0), size - 1);
}

// 1 near the border of a cell: what a ring around a hint is made of.
float nearBorder(vec3 inCrop, ivec3 size, float reach) {
  vec3 cells = inCrop * vec3(size);
  vec3 pixel = max(fwidth(cells), vec3(1e-6));
  vec3 part = fract(cells);
  vec3 pixels = min(part, 1.0 - part) / pixel;
  // Across the slice there is no border to draw.
  int normal = axCorSag == 0 ? 2 : (axCorSag == 1 ? 1 : 0);
  pixels[normal] = 1e6;
  return min(pixels.x, min(pixels.y, pixels.z)) < reach ? 1.0 : 0.0;
}

// Codes of both masks at a place, none outside of the crop.
uint masksAt(vec3 inCrop) {
  if (any(lessThan(inCrop, vec3(0.0))) || any(greaterThanEqual(inCrop, vec3(1.0)))) return 0u;
  return texelFetch(cropClasses, cellAt(inCrop, textureSize(cropClasses, 0)), 0).r;
}

// The inner rims of the masks: the truth solid, the model's dashed over it.
vec3 paintOutlines(vec3 under, vec3 inCrop, vec3 dx, vec3 dy) {
  uint own = masksAt(inCrop);
  uint around = masksAt(inCrop + dx) & masksAt(inCrop - dx) & masksAt(inCrop + dy) & masksAt(inCrop - dy);
  uint rim = own & ~around;
  bool dash = mod(gl_FragCoord.x + gl_FragCoord.y, hatchPixels * 2.0) < hatchPixels * 1.2;
  if ((rim & 2u) != 0u && (dash || (rim & 1u) == 0u)) return dash ? ${rgb(PREDICTED_RGB)} : under;
  return (rim & 1u) != 0u ? ${rgb(TRUTH_RGB)} : under;
}

vec3 paintCrop(vec3 under) {
  vec3 inCrop = (texPos - cropLow) / cropSize;
  vec3 dx = dFdx(inCrop) * 1.5;
  vec3 dy = dFdy(inCrop) * 1.5;
  ivec3 marksSize = textureSize(cropMarks, 0);
  float border = nearBorder(inCrop, marksSize, hatchPixels * 0.35);
  if (any(lessThan(inCrop, vec3(0.0))) || any(greaterThanEqual(inCrop, vec3(1.0)))) return under;
  if (cropOutlined == 1) return paintOutlines(under, inCrop, dx, dy);
  vec3 painted = under;
  if (cropMapStrength > 0.0) {
    float value = texelFetch(cropMap, cellAt(inCrop, textureSize(cropMap, 0)), 0).r;
    painted = mix(painted, texture(palette, vec2(value * 255.0 / 256.0 + 0.5 / 256.0, ${MAGMA_ROW})).rgb, cropMapStrength);
  }
  if (cropClassStrength > 0.0) {
    uint label = texelFetch(cropClasses, cellAt(inCrop, textureSize(cropClasses, 0)), 0).r;
    vec4 ink = texture(palette, vec2((float(label) + 0.5) / 256.0, 1.0 / 6.0));
    if (label != 0u) painted = mix(painted, ink.rgb, cropClassStrength);
  }
  if (cropMarked == 0) return painted;
  uint mark = texelFetch(cropMarks, cellAt(inCrop, marksSize), 0).r;
  if (mark == 1u) {
    float line = mod(gl_FragCoord.x - gl_FragCoord.y, hatchPixels * 2.0);
    painted = mix(painted, vec3(0.16), 0.45);
    if (line < hatchPixels * 0.5) painted = vec3(0.92);
    else if (line < hatchPixels) painted = vec3(0.05);
  } else if (mark == 2u) {
    if (border > 0.0) painted = vec3(0.298, 0.765, 0.851);
  } else if (mark == 3u) {
    painted *= 0.12;
  }
  return painted;
}`
