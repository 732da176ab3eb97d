// SPDX-License-Identifier: BSD-3-Clause
import type { Statistics, Tile } from "./facts";

/** How values between the cuts become shades. */
export const STRETCHES = ["linear", "sqrt", "asinh", "log"] as const;
export type Stretch = (typeof STRETCHES)[number];

/** Which values are black and white: by a rule, or themselves. */
export const RULES = ["zscale", "99%", "minmax"] as const;
export type Rule = (typeof RULES)[number];
export type Cuts = Rule | readonly [number, number];

/** The same curves as those of the pictures that the instance makes: from 0 to 1, 0 to 1. */
export function stretched(stretch: Stretch, t: number): number {
  const x = Math.max(0, Math.min(1, t));
  switch (stretch) {
    case "linear":
      return x;
    case "sqrt":
      return Math.sqrt(x);
    case "asinh":
      return Math.asinh(x * 10) / Math.asinh(10);
    case "log":
      return Math.log1p(1000 * x) / Math.log(1001);
  }
}

/** The value whose shade is `t`. */
export function unstretched(stretch: Stretch, t: number): number {
  switch (stretch) {
    case "linear":
      return t;
    case "sqrt":
      return t * t;
    case "asinh":
      return Math.sinh(t * Math.asinh(10)) / 10;
    case "log":
      return Math.expm1(t * Math.log(1001)) / 1000;
  }
}

/** The values that are black and white. */
export function limits(cuts: Cuts, statistics: Statistics | null): [number, number] {
  const [low, high] = raw(cuts, statistics);
  // An image that is the same everywhere still needs a range.
  return high > low ? [low, high] : [low, low + (Math.abs(low) || 1)];
}

function raw(cuts: Cuts, statistics: Statistics | null): readonly [number, number] {
  if (typeof cuts !== "string") return cuts;
  if (!statistics) return [0, 1];
  switch (cuts) {
    case "zscale":
      return statistics.zscale;
    case "99%":
      return [statistics.percentiles["0.5"] ?? statistics.least, statistics.percentiles["99.5"] ?? statistics.greatest];
    case "minmax":
      return [statistics.least, statistics.greatest];
  }
}

/** How many pixels have which values. */
export interface Histogram {
  low: number;
  high: number;
  counts: number[];
  /** Pixels below and above. */
  below: number;
  above: number;
}

/** Count the values of tiles; all of them where they are few, else every nth. */
export function histogramOf(tiles: readonly Tile[], low: number, high: number, bins = 128, most = 1_000_000): Histogram {
  const found: Histogram = { low, high, counts: new Array<number>(bins).fill(0), below: 0, above: 0 };
  const pixels = tiles.reduce((total, { image }) => total + image.length, 0);
  // An odd step does not fall into step with columns.
  const step = Math.max(1, Math.ceil(pixels / most)) | 1;
  const scale = bins / (high - low);
  for (const { image } of tiles) {
    for (let index = 0; index < image.length; index += step) {
      const value = image[index]!;
      if (value < low) found.below++;
      else if (value > high) found.above++;
      // What is not a number is neither.
      else if (value === value) found.counts[Math.min(bins - 1, Math.floor((value - low) * scale))]!++;
    }
  }
  return found;
}

/** The values that a histogram for choosing cuts spans: nearly all, and the cuts with some room beside them. */
export function histogramRange(statistics: Statistics | null, cuts: readonly [number, number]): [number, number] {
  const [low, high] = cuts;
  const room = 0.15 * (high - low);
  const within = statistics ? [statistics.percentiles["0.25"] ?? statistics.least, statistics.percentiles["99.75"] ?? statistics.greatest] : cuts;
  return [Math.min(low - room, within[0]!), Math.max(high + room, within[1]!)];
}
