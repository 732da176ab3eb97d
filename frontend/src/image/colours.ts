// SPDX-License-Identifier: BSD-3-Clause

/** Colours from black to white, all made by formulas: lightness rises evenly, so that no step looks like an edge. */
export const COLOUR_MAPS = ["grey", "ember", "tide", "meadow", "cubehelix", "balance"] as const;
export type ColourMap = (typeof COLOUR_MAPS)[number];

export const COLOUR_NAMES: Record<ColourMap, string> = {
  grey: "Grey",
  ember: "Ember",
  tide: "Tide",
  meadow: "Meadow",
  cubehelix: "Cubehelix",
  balance: "Balance (about the middle)",
};

type Rgb = [number, number, number];

const SHADES = 256;

/** The colours of a map: 256 times red, green, blue and opacity, 0 to 255. */
export function coloursOf(map: ColourMap, inverted = false): Uint8Array {
  const found = new Uint8Array(4 * SHADES);
  for (let shade = 0; shade < SHADES; shade++) {
    const t = shade / (SHADES - 1);
    const rgb = colour(map, inverted ? 1 - t : t);
    for (let channel = 0; channel < 3; channel++) found[4 * shade + channel] = Math.round(255 * Math.max(0, Math.min(1, rgb[channel]!)));
    found[4 * shade + 3] = 255;
  }
  return found;
}

function colour(map: ColourMap, t: number): Rgb {
  switch (map) {
    case "grey":
      return [t, t, t];
    case "ember":
      return lit(t, 20 + 85 * t, 0.2);
    case "tide":
      return lit(t, 285 - 105 * t, 0.17);
    case "meadow":
      return lit(t, 320 - 215 * t, 0.18);
    case "cubehelix":
      return cubehelix(t);
    case "balance":
      return t < 0.5 ? lit(1 - 1.25 * (0.5 - t), 255, 0.4 * (0.5 - t)) : lit(1 - 1.25 * (t - 0.5), 35, 0.44 * (t - 0.5));
  }
}

/** A colour of OKLCh (Ottosson 2020), as vivid as sRGB allows up to `chroma`, which fades at black and white. */
function lit(lightness: number, hue: number, chroma: number): Rgb {
  const fade = Math.sin(Math.PI * Math.min(1, Math.max(0, lightness)));
  let c = chroma * Math.max(0.02, fade);
  for (let round = 0; round < 40; round++, c *= 0.93) {
    const rgb = oklch(lightness, c, hue);
    if (rgb.every((each) => each >= -1e-3 && each <= 1.001)) return rgb;
  }
  return oklch(lightness, 0, hue);
}

function oklch(lightness: number, chroma: number, hue: number): Rgb {
  const angle = (hue * Math.PI) / 180;
  const [a, b] = [chroma * Math.cos(angle), chroma * Math.sin(angle)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    gamma(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    gamma(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    gamma(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

function gamma(linear: number): number {
  return linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
}

/** Green (2011), Bulletin of the Astronomical Society of India 39, 289: start 0.5, -1.5 turns, hue 1. */
function cubehelix(t: number): Rgb {
  const angle = 2 * Math.PI * (0.5 / 3 + 1 - 1.5 * t);
  const amplitude = (t * (1 - t)) / 2;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return [
    t + amplitude * (-0.14861 * c + 1.78277 * s),
    t + amplitude * (-0.29227 * c - 0.90649 * s),
    t + amplitude * 1.97294 * c,
  ];
}
