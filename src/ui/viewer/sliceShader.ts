// The fragment shader of the 2-D views. It windows int16 HU as it draws, so that windowing changes one uniform:
// NiiVue's own path would re-upload the volume and keep a second, four times larger copy for every change.
// Texture units: 11 HU (R16I), 12 labels (R8UI), 13 probability (R8), 14 palette (256×3, RGBA8), 16 to 18 what the lab
// paints on a grid of its own inside a box (cropShader.ts). NiiVue itself uses 0 to 10.
import { CROP_FUNCTIONS, CROP_UNIFORMS } from './cropShader.ts'

export const UNITS = {
  hu: 11,
  labels: 12,
  probability: 13,
  palette: 14,
  cropMap: 16,
  cropClasses: 17,
  cropMarks: 18,
} as const

export const OVERLAY_KIND = { none: 0, filled: 1, outline: 2, probability: 3 } as const

// NiiVue finds uniforms by a pattern: one declaration a line, `uniform <qualifiers> <name>;`.
export const SLICE_SHADER = `#version 300 es
precision highp int;
precision highp float;
precision highp sampler3D;
precision highp isampler3D;
precision highp usampler3D;
uniform highp isampler3D huVolume;
uniform highp usampler3D labelVolume;
uniform highp sampler3D probabilityVolume;
uniform highp sampler2D palette;
uniform vec2 windowHu;
uniform vec2 loadedSlices;
uniform int overlayKind;
uniform float overlayStrength;
uniform float threshold;
uniform int selected;
uniform int axCorSag;
${CROP_UNIFORMS}
in vec3 texPos;
out vec4 color;

// Integer textures are not filtered by the hardware: linear in the plane, nearest across it (a slice is a slice).
float huAt(vec3 position) {
  ivec3 size = textureSize(huVolume, 0);
  vec3 at = position * vec3(size) - 0.5;
  int normal = axCorSag == 0 ? 2 : (axCorSag == 1 ? 1 : 0);
  at[normal] = floor(at[normal] + 0.5);
  ivec3 low = ivec3(floor(at));
  vec3 part = at - vec3(low);
  ivec3 a = axCorSag == 2 ? ivec3(0, 1, 0) : ivec3(1, 0, 0);
  ivec3 b = axCorSag == 0 ? ivec3(0, 1, 0) : ivec3(0, 0, 1);
  float partA = axCorSag == 2 ? part.y : part.x;
  float partB = axCorSag == 0 ? part.y : part.z;
  ivec3 top = size - 1;
  float v00 = float(texelFetch(huVolume, clamp(low, ivec3(0), top), 0).r);
  float v10 = float(texelFetch(huVolume, clamp(low + a, ivec3(0), top), 0).r);
  float v01 = float(texelFetch(huVolume, clamp(low + b, ivec3(0), top), 0).r);
  float v11 = float(texelFetch(huVolume, clamp(low + a + b, ivec3(0), top), 0).r);
  return mix(mix(v00, v10, partA), mix(v01, v11, partA), partB);
}

uint labelAt(vec3 position) {
  ivec3 size = textureSize(labelVolume, 0);
  return texelFetch(labelVolume, clamp(ivec3(floor(position * vec3(size))), ivec3(0), size - 1), 0).r;
}

// An edge is where one and a half screen pixels away lies something else.
bool isEdge(vec3 position, uint own, float reach) {
  vec3 dx = dFdx(position) * reach;
  vec3 dy = dFdy(position) * reach;
  return labelAt(position + dx) != own || labelAt(position - dx) != own ||
         labelAt(position + dy) != own || labelAt(position - dy) != own;
}

${CROP_FUNCTIONS}
void main() {
  // Slabs that are still on their way hold zeros, which would flash as soft tissue.
  float slice = texPos.z * float(textureSize(huVolume, 0).z);
  if (slice < loadedSlices.x || slice > loadedSlices.y) {
    color = vec4(0.0, 0.0, 0.0, 1.0);
    return;
  }
  float grey = clamp((huAt(texPos) - windowHu.x) / (windowHu.y - windowHu.x), 0.0, 1.0);
  color = vec4(vec3(grey), 1.0);
  if (overlayKind == ${OVERLAY_KIND.probability}) {
    float probability = texture(probabilityVolume, texPos).r;
    float strength = smoothstep(threshold - 0.02, threshold + 0.02, probability) * overlayStrength;
    color.rgb = mix(color.rgb, texture(palette, vec2(probability, 0.5)).rgb, strength);
  } else if (overlayKind != ${OVERLAY_KIND.none}) {
    uint label = labelAt(texPos);
    bool isSelected = int(label) == selected;
    bool edge = label != 0u && isEdge(texPos, label, isSelected ? 2.0 : 1.25);
    float strength = overlayKind == ${OVERLAY_KIND.filled} ? (label != 0u ? overlayStrength : 0.0) : 0.0;
    if (edge) strength = 1.0;
    vec4 ink = texture(palette, vec2((float(label) + 0.5) / 256.0, 1.0 / 6.0));
    color.rgb = mix(color.rgb, ink.rgb, strength * ink.a);
  }
  color.rgb = paintCrop(color.rgb);
}`
