// SPDX-License-Identifier: BSD-3-Clause

export type Corner = readonly [x: number, y: number];

/** Whether a point lies in a polygon, by the even-odd rule: as many crossings to the right as make an odd number. */
export function contains(corners: readonly Corner[], x: number, y: number): boolean {
  let isInside = false;
  for (let i = 0, j = corners.length - 1; i < corners.length; j = i++) {
    const [xi, yi] = corners[i]!;
    const [xj, yj] = corners[j]!;
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) isInside = !isInside;
  }
  return isInside;
}

/** A line that was drawn by hand, with corners left out that lie nearer to it than a tolerance, and at most so many. */
export function simplified(drawn: readonly Corner[], tolerance: number, most = 500): Corner[] {
  let kept = reduced(drawn, tolerance);
  for (let wider = tolerance * 2; kept.length > most; wider *= 2) kept = reduced(drawn, wider);
  return kept;
}

/** Douglas and Peucker (1973): a part is as good as straight if no corner is farther from its chord than a tolerance. */
function reduced(drawn: readonly Corner[], tolerance: number): Corner[] {
  if (drawn.length < 3) return [...drawn];
  const keep = new Uint8Array(drawn.length);
  keep[0] = keep[drawn.length - 1] = 1;
  const parts: [number, number][] = [[0, drawn.length - 1]];
  for (let part = parts.pop(); part; part = parts.pop()) {
    const [first, last] = part;
    let farthest = tolerance;
    let at = -1;
    for (let i = first + 1; i < last; i++) {
      const distance = fromChord(drawn[i]!, drawn[first]!, drawn[last]!);
      if (distance > farthest) [farthest, at] = [distance, i];
    }
    if (at < 0) continue;
    keep[at] = 1;
    parts.push([first, at], [at, last]);
  }
  return drawn.filter((_, index) => keep[index]);
}

function fromChord([x, y]: Corner, [x1, y1]: Corner, [x2, y2]: Corner): number {
  const length = Math.hypot(x2 - x1, y2 - y1);
  if (length === 0) return Math.hypot(x - x1, y - y1);
  return Math.abs((x2 - x1) * (y1 - y) - (x1 - x) * (y2 - y1)) / length;
}
