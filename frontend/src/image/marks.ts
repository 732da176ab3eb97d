// SPDX-License-Identifier: BSD-3-Clause
import { rgbOf } from "./masks";
import type { Wcs } from "./wcs";

/** What is marked on an image: rows of a catalog, by position on the sky or by pixel. */
export interface Marks {
  /** `#rrggbb`. */
  colour: string;
  /** ICRS degrees. */
  ra?: ArrayLike<number>;
  dec?: ArrayLike<number>;
  /** Pixels of the full image, from 0. */
  x?: ArrayLike<number>;
  y?: ArrayLike<number>;
}

/** Which mark: the number of its list, and its number there. */
export interface MarkName {
  list: number;
  index: number;
}

/** Marks as pixels of the image, ready to be drawn. */
export interface Placed {
  /** x and y of each; NaN where the image cannot show it. */
  pixels: Float64Array;
  rgb: [number, number, number];
}

/** Find the pixels of marks, once for as long as the list is the same. */
export function placed(marks: Marks, wcs: Wcs, origin: readonly [number, number]): Placed {
  const [first, second] = marks.x && marks.y ? [marks.x, marks.y] : [marks.ra ?? [], marks.dec ?? []];
  const onSky = !(marks.x && marks.y);
  const count = Math.min(first.length, second.length);
  const pixels = new Float64Array(2 * count);
  for (let index = 0; index < count; index++) {
    const [a, b] = [first[index]!, second[index]!];
    const point = onSky ? wcs.toPixel(a, b) : { x: a - origin[0], y: b - origin[1] };
    pixels[2 * index] = point?.x ?? NaN;
    pixels[2 * index + 1] = point?.y ?? NaN;
  }
  return { pixels, rgb: rgbOf(marks.colour) };
}

/** The mark nearest to a pixel, within a distance in pixels; null where there is none. */
export function nearestMark(lists: readonly Placed[], x: number, y: number, within: number): MarkName | null {
  let best = within;
  let found: MarkName | null = null;
  lists.forEach(({ pixels }, list) => {
    for (let index = 0; index < pixels.length / 2; index++) {
      const away = Math.hypot(pixels[2 * index]! - x, pixels[2 * index + 1]! - y);
      if (away <= best) [best, found] = [away, { list, index }];
    }
  });
  return found;
}
