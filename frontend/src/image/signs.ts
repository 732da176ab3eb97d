// SPDX-License-Identifier: BSD-3-Clause
import { separation } from "./sphere";
import type { Point, Wcs } from "./wcs";

/** A bar of a round angle. */
export interface ScaleBar {
  /** Pixels of the screen. */
  length: number;
  label: string;
}

const ARCSECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30];
const STEPS: readonly [number, string][] = [
  ...ARCSECONDS.map((each): [number, string] => [each / 3600, `${each}\u2033`]),
  ...[1, 2, 5, 10, 20, 30].map((each): [number, string] => [each / 60, `${each}\u2032`]),
  ...[1, 2, 5, 10, 20, 30, 60].map((each): [number, string] => [each, `${each}\u00b0`]),
];

/** The longest bar of a round angle that is no longer than `most` pixels of the screen, at a pixel of the image. */
export function scaleBar(wcs: Wcs, at: Point, zoom: number, most: number): ScaleBar | null {
  const size = pixelSize(wcs, at);
  if (size === null) return null;
  const found = STEPS.findLast(([angle]) => (angle / size) * zoom <= most) ?? STEPS[0]!;
  return { length: (found[0] / size) * zoom, label: found[1] };
}

/** Degrees along a row that a pixel covers; null where there is no sky. */
export function pixelSize(wcs: Wcs, { x, y }: Point): number | null {
  const [a, b] = [wcs.toSky(x - 0.5, y), wcs.toSky(x + 0.5, y)];
  const found = a && b ? separation(a, b) : 0;
  return found > 0 ? found : null;
}

/** Where north and east are on the screen: angles from up, clockwise, in degrees. */
export function compass(wcs: Wcs, at: Point): { north: number; east: number } | null {
  const here = wcs.toSky(at.x, at.y);
  const size = pixelSize(wcs, at);
  if (!here || size === null) return null;
  const step = Math.min(2 * size, 0.5);
  const towards = (ra: number, dec: number): number | null => {
    const there = wcs.toPixel((ra + 360) % 360, dec);
    return there && (Math.atan2(there.x - at.x, there.y - at.y) * 180) / Math.PI;
  };
  const up = here.dec + step <= 90;
  const north = towards(here.ra, up ? here.dec + step : here.dec - step);
  const east = towards(here.ra + step / Math.max(1e-6, Math.cos((here.dec * Math.PI) / 180)), here.dec);
  return north === null || east === null ? null : { north: up ? north : north + 180, east };
}
