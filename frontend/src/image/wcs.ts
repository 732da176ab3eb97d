// SPDX-License-Identifier: BSD-3-Clause
import { distortionOf } from "./distortion";
import type { WcsFacts } from "./facts";
import { gridWcs } from "./grid";
import { dot, positionOf, vectorOf, type Position, type Vector } from "./sphere";

/** A place among pixels: 0 is the middle of the first one. */
export interface Point {
  x: number;
  y: number;
}

/** World coordinates of an image; null where an image has no sky, or cannot show it. */
export interface Wcs {
  toSky(x: number, y: number): Position | null;
  toPixel(ra: number, dec: number): Point | null;
}

const DEGREE = Math.PI / 180;

/** The world coordinates that an instance has told of. */
export function wcsOf(facts: WcsFacts): Wcs {
  return facts.kind === "grid" ? gridWcs(facts) : tangent(facts.cards);
}

/**
 * The gnomonic projection (TAN), alone, with SIP or as TPV, of cards with a CD matrix.
 *
 * FITS WCS paper II (Calabretta and Greisen 2002), sections 2 and 5.1.3.
 */
function tangent(cards: Readonly<Record<string, string | number | boolean>>): Wcs {
  const number = (name: string, otherwise: number): number => (typeof cards[name] === "number" ? (cards[name] as number) : otherwise);
  const [px, py] = [number("CRPIX1", 0) - 1, number("CRPIX2", 0) - 1];
  const matrix = [number("CD1_1", 1), number("CD1_2", 0), number("CD2_1", 0), number("CD2_2", 1)] as const;
  const determinant = matrix[0] * matrix[3] - matrix[1] * matrix[2];
  const [a, d] = [number("CRVAL1", 0) * DEGREE, number("CRVAL2", 0) * DEGREE];
  // The native longitude of the celestial pole turns the plane; 180 degrees is its default for all but the pole itself.
  const turn = (180 - number("LONPOLE", d >= Math.PI / 2 ? 0 : 180)) * DEGREE;
  const [east, north, out] = axes(a, d, turn);
  const { onPixels, onPlane } = distortionOf(cards);

  const toPlane = (x: number, y: number): [number, number] => {
    const [u, v] = onPixels.there(x - px, y - py);
    return onPlane.there(matrix[0] * u + matrix[1] * v, matrix[2] * u + matrix[3] * v);
  };
  return {
    toSky(x, y) {
      const [xi, eta] = toPlane(x, y).map((each) => each * DEGREE) as [number, number];
      if (!Number.isFinite(xi) || !Number.isFinite(eta)) return null;
      return positionOf([0, 1, 2].map((i) => out[i]! + xi * east[i]! + eta * north[i]!) as unknown as Vector);
    },
    toPixel(ra, dec) {
      const direction = vectorOf(ra, dec);
      const depth = dot(direction, out);
      // The other half of the sky is not on the plane.
      if (!(depth > 1e-6)) return null;
      const xi = dot(direction, east) / depth / DEGREE;
      const eta = dot(direction, north) / depth / DEGREE;
      const straight = onPlane.back(xi, eta);
      if (!straight) return null;
      const u = (matrix[3] * straight[0] - matrix[1] * straight[1]) / determinant;
      const v = (matrix[0] * straight[1] - matrix[2] * straight[0]) / determinant;
      const found = onPixels.back(u, v);
      return found && { x: found[0] + px, y: found[1] + py };
    },
  };
}

/** East and north at the reference position, turned, and the direction of the position itself. */
function axes(a: number, d: number, turn: number): [Vector, Vector, Vector] {
  const east: Vector = [-Math.sin(a), Math.cos(a), 0];
  const north: Vector = [-Math.sin(d) * Math.cos(a), -Math.sin(d) * Math.sin(a), Math.cos(d)];
  const out: Vector = [Math.cos(d) * Math.cos(a), Math.cos(d) * Math.sin(a), Math.sin(d)];
  const [c, s] = [Math.cos(turn), Math.sin(turn)];
  const mix = (p: Vector, q: Vector, f: number, g: number) => [0, 1, 2].map((i) => f * p[i]! + g * q[i]!) as unknown as Vector;
  return [mix(east, north, c, s), mix(east, north, -s, c), out];
}
