// SPDX-License-Identifier: BSD-3-Clause

/** A position, ICRS degrees. */
export interface Position {
  ra: number;
  dec: number;
}

export type Vector = readonly [number, number, number];

const DEGREE = Math.PI / 180;

/** The direction of a position as a unit vector. */
export function vectorOf(ra: number, dec: number): Vector {
  const [a, d] = [ra * DEGREE, dec * DEGREE];
  return [Math.cos(d) * Math.cos(a), Math.cos(d) * Math.sin(a), Math.sin(d)];
}

/** The position of a vector of any length. */
export function positionOf([x, y, z]: Vector): Position {
  const ra = Math.atan2(y, x) / DEGREE;
  return { ra: ra < 0 ? ra + 360 : ra, dec: Math.atan2(z, Math.hypot(x, y)) / DEGREE };
}

/** The angle between two positions, in degrees; exact also where it is tiny. */
export function separation(a: Position, b: Position): number {
  const [p, q] = [vectorOf(a.ra, a.dec), vectorOf(b.ra, b.dec)];
  const half = Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]) / 2;
  return (2 * Math.asin(Math.min(1, half))) / DEGREE;
}

export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
