// SPDX-License-Identifier: BSD-3-Clause

export type Rgb = readonly [red: number, green: number, blue: number];

/** 256 colours from the first to the last of some, even to the eye between each two (Oklab, Ottosson 2020); RGB, 0 to 255. */
export function ramp(colours: readonly Rgb[], steps = 256): Uint8ClampedArray {
  const stops = colours.map(toOklab);
  const table = new Uint8ClampedArray(steps * 3);
  for (let i = 0; i < steps; i++) {
    const place = (i / (steps - 1)) * (stops.length - 1);
    const below = Math.min(stops.length - 2, Math.floor(place));
    const [a, b] = [stops[below]!, stops[below + 1]!];
    table.set(fromOklab(a.map((value, k) => value + (b[k]! - value) * (place - below)) as unknown as Rgb), i * 3);
  }
  return table;
}

/** A colour as browsers say it of a computed style: `rgb(1, 2, 3)`, `rgba(…)` or `color(srgb …)`. */
export function parsed(text: string): Rgb {
  const numbers = (text.match(/-?[\d.]+(?:e-?\d+)?/g) ?? []).map(Number);
  const [red = 0, green = 0, blue = 0] = numbers;
  return text.startsWith("color(") ? [red * 255, green * 255, blue * 255] : [red, green, blue];
}

function toOklab(colour: Rgb): Rgb {
  const [r, g, b] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromOklab([lightness, a, b]: Rgb): number[] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((part) => 255 * (part <= 0.0031308 ? 12.92 * part : 1.055 * Math.max(0, part) ** (1 / 2.4) - 0.055));
}
