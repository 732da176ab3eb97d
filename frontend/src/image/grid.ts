// SPDX-License-Identifier: BSD-3-Clause
import { inverse } from "./distortion";
import type { WcsFacts } from "./facts";
import { dot, positionOf, vectorOf, type Vector } from "./sphere";
import type { Wcs } from "./wcs";

type GridFacts = Extract<WcsFacts, { kind: "grid" }>;

/** World coordinates that are bilinear between the nodes of a grid; a vector has no seam at RA 0 and no pole. */
export function gridWcs({ first, step, vectors }: GridFacts): Wcs {
  const rows = vectors.length;
  const columns = vectors[0]?.length ?? 0;

  const at = (x: number, y: number): Vector | null => {
    const [u, v] = [(x - first[0]) / step[0], (y - first[1]) / step[1]];
    const left = Math.max(0, Math.min(columns - 2, Math.floor(u)));
    const low = Math.max(0, Math.min(rows - 2, Math.floor(v)));
    const corners = [vectors[low]?.[left], vectors[low]?.[left + 1], vectors[low + 1]?.[left], vectors[low + 1]?.[left + 1]];
    const [s, t] = [u - left, v - low];
    const weights = [(1 - s) * (1 - t), s * (1 - t), (1 - s) * t, s * t];
    const total: [number, number, number] = [0, 0, 0];
    for (let corner = 0; corner < 4; corner++) {
      const vector = corners[corner];
      if (!vector) return null;
      for (let axis = 0; axis < 3; axis++) total[axis] = total[axis]! + weights[corner]! * vector[axis]!;
    }
    return total;
  };

  return {
    toSky: (x, y) => {
      const found = at(x, y);
      return found && positionOf(found);
    },
    toPixel(ra, dec) {
      const goal = vectorOf(ra, dec);
      const node = nearest(vectors, goal);
      if (!node) return null;
      const [east, north] = plane(goal);
      // On the plane that touches the sky at the goal, the goal is at 0, 0.
      const onPlane = (x: number, y: number): [number, number] | null => {
        const vector = at(x, y);
        if (!vector) return null;
        const depth = dot(vector, goal);
        return depth > 0.1 ? [dot(vector, east) / depth, dot(vector, north) / depth] : null;
      };
      const found = inverse(onPlane, [0, 0], [first[0] + node[0] * step[0], first[1] + node[1] * step[1]]);
      return found && { x: found[0], y: found[1] };
    },
  };
}

function nearest(vectors: GridFacts["vectors"], goal: Vector): [number, number] | null {
  let best = 0;
  let found: [number, number] | null = null;
  vectors.forEach((row, y) =>
    row.forEach((vector, x) => {
      const close = vector ? dot(vector, goal) : -1;
      if (close > best) [best, found] = [close, [x, y]];
    }),
  );
  return found;
}

function plane(goal: Vector): [Vector, Vector] {
  const across = Math.hypot(goal[0], goal[1]);
  const east: Vector = across > 1e-12 ? [-goal[1] / across, goal[0] / across, 0] : [0, 1, 0];
  const north: Vector = [
    goal[1] * east[2] - goal[2] * east[1],
    goal[2] * east[0] - goal[0] * east[2],
    goal[0] * east[1] - goal[1] * east[0],
  ];
  return [east, north];
}
