// SPDX-License-Identifier: BSD-3-Clause

type Pair = [number, number];
type Cards = Readonly<Record<string, string | number | boolean>>;

/** A smooth map of the plane, and its inverse; null where the inverse is not found. */
export interface Distortion {
  there(x: number, y: number): Pair;
  back(x: number, y: number): Pair | null;
}

const NONE: Distortion = { there: (x, y) => [x, y], back: (x, y) => [x, y] };

/** What bends pixels (SIP) and the plane of the projection (TPV), of a header's cards. */
export function distortionOf(cards: Cards): { onPixels: Distortion; onPlane: Distortion } {
  const type = String(cards["CTYPE1"] ?? "");
  const onPlane = type.endsWith("TPV") ? tpv(cards) : NONE;
  return { onPixels: type.endsWith("-SIP") ? sip(cards) : NONE, onPlane };
}

/** The polynomials of the Simple Imaging Polynomial convention (Shupe et al. 2005), on pixels from CRPIX. */
function sip(cards: Cards): Distortion {
  const [a, b] = [terms(cards, "A"), terms(cards, "B")];
  return invertible((u, v) => [u + sum(a, u, v), v + sum(b, u, v)]);
}

interface Term {
  p: number;
  q: number;
  factor: number;
}

function terms(cards: Cards, letter: string): Term[] {
  const found: Term[] = [];
  for (const [name, value] of Object.entries(cards)) {
    const match = new RegExp(`^${letter}_(\\d)_(\\d)$`).exec(name);
    if (match && typeof value === "number") found.push({ p: Number(match[1]), q: Number(match[2]), factor: value });
  }
  return found;
}

function sum(of: readonly Term[], u: number, v: number): number {
  let total = 0;
  for (const { p, q, factor } of of) total += factor * u ** p * v ** q;
  return total;
}

/** By their number, the powers of x, y and r in the terms of TPV (the FITS registry's convention). */
const TPV: readonly (readonly [number, number, number])[] = (() => {
  const list: [number, number, number][] = [];
  for (let order = 0; order <= 7; order++) {
    for (let p = order; p >= 0; p--) list.push([p, order - p, 0]);
    if (order % 2) list.push([0, 0, order]);
  }
  return list;
})();

function tpv(cards: Cards): Distortion {
  const factors = [1, 2].map((axis) =>
    TPV.map((_, term) => {
      const value = cards[`PV${axis}_${term}`];
      // Where nothing is said, the first term of each axis keeps it as it is.
      return typeof value === "number" ? value : term === 1 ? 1 : 0;
    }),
  ) as [number[], number[]];
  const along = (of: readonly number[], x: number, y: number): number => {
    const r = Math.hypot(x, y);
    let total = 0;
    for (let term = 0; term < TPV.length; term++) {
      if (of[term] === 0) continue;
      const [p, q, s] = TPV[term]!;
      total += of[term]! * x ** p * y ** q * r ** s;
    }
    return total;
  };
  // The second axis has x and y the other way round.
  return invertible((x, y) => [along(factors[0], x, y), along(factors[1], y, x)]);
}

/** A map with its inverse by Newton's method, from the place itself. */
function invertible(there: (x: number, y: number) => Pair): Distortion {
  return { there, back: (x, y) => inverse(there, [x, y], [x, y]) };
}

/** Where `there` leads to `goal`, from a guess near it; null where that is not found. */
export function inverse(there: (x: number, y: number) => Pair | null, goal: Pair, guess: Pair): Pair | null {
  let [x, y] = guess;
  let close = Infinity;
  for (let round = 0; round < 30; round++) {
    const at = there(x, y);
    if (!at) return null;
    const [dx, dy] = [goal[0] - at[0], goal[1] - at[1]];
    const away = Math.hypot(dx, dy);
    if (!Number.isFinite(away)) return null;
    if (away === 0 || (round > 2 && away >= close)) break;
    close = away;
    const h = 1e-4 * Math.max(1, Math.hypot(x, y) * 1e-3);
    const [right, up] = [there(x + h, y), there(x, y + h)];
    if (!right || !up) return null;
    const [a, b, c, d] = [(right[0] - at[0]) / h, (up[0] - at[0]) / h, (right[1] - at[1]) / h, (up[1] - at[1]) / h];
    const determinant = a * d - b * c;
    if (determinant === 0) return null;
    x += (d * dx - b * dy) / determinant;
    y += (a * dy - c * dx) / determinant;
  }
  const end = there(x, y);
  const scale = Math.max(1e-3, Math.hypot(...goal));
  return end && Math.hypot(end[0] - goal[0], end[1] - goal[1]) < 1e-9 * scale + 1e-9 ? [x, y] : null;
}
