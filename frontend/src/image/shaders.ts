// SPDX-License-Identifier: BSD-3-Clause

/** Draws a part of the image, given by its corners on the screen and among the texels of a tile. */
export const TILE_VERTEX = `#version 300 es
uniform vec4 place;
uniform vec4 texels;
out vec2 texel;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  texel = mix(texels.xy, texels.zw, corner);
  gl_Position = vec4(mix(place.xy, place.zw, corner), 0.0, 1.0);
}`;

/** The value of the pixel, stretched and coloured, with the planes of the mask over it. */
export const TILE_FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
precision highp isampler2D;
uniform sampler2D image;
uniform isampler2D mask;
uniform sampler2D colours;
uniform bool masked;
uniform int shown;
uniform vec4 planes[32];
uniform vec2 cuts;
uniform int stretch;
uniform vec3 nothing;
in vec2 texel;
out vec4 seen;

float shade(float x) {
  if (stretch == 1) return sqrt(x);
  if (stretch == 2) return asinh(x * 10.0) / 2.99822295;
  if (stretch == 3) return log(1.0 + 1000.0 * x) / 6.90875478;
  return x;
}

void main() {
  ivec2 last = textureSize(image, 0) - 1;
  ivec2 at = clamp(ivec2(floor(texel)), ivec2(0), last);
  float value = texelFetch(image, at, 0).r;
  vec3 rgb = nothing;
  if (!isnan(value)) {
    float t = shade(clamp((value - cuts.x) / (cuts.y - cuts.x), 0.0, 1.0));
    rgb = texelFetch(colours, ivec2(int(t * 255.0 + 0.5), 0), 0).rgb;
  }
  if (masked) {
    int bits = texelFetch(mask, at, 0).r & shown;
    if (bits != 0) {
      for (int bit = 0; bit < 32; bit++) {
        if ((bits & (1 << bit)) != 0) rgb = mix(rgb, planes[bit].rgb, planes[bit].a);
      }
    }
  }
  seen = vec4(rgb, 1.0);
}`;

/** Draws marks as rings; positions are pixels from the middle of the image, so that single precision is enough. */
export const MARK_VERTEX = `#version 300 es
in vec2 pixel;
uniform vec2 centre;
uniform vec2 scale;
uniform float size;
void main() {
  gl_Position = vec4((pixel - centre) * scale, 0.0, 1.0);
  gl_PointSize = size;
}`;

export const MARK_FRAGMENT = `#version 300 es
precision highp float;
uniform vec3 colour;
uniform float size;
uniform float width;
out vec4 seen;
void main() {
  float away = length(gl_PointCoord - 0.5) * size;
  float ring = abs(away - (0.5 * size - width));
  float inside = 1.0 - smoothstep(0.35 * width, 0.35 * width + 0.7, ring);
  float edge = 1.0 - smoothstep(0.8 * width, 0.8 * width + 0.7, ring);
  if (edge <= 0.0) discard;
  float opacity = max(inside, 0.55 * edge);
  seen = vec4(colour * inside, 1.0) * opacity;
}`;
