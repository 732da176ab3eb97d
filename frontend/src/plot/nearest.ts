// SPDX-License-Identifier: BSD-3-Clause

const CELL = 24;

/** Finds the point next to the pointer: points by the square of the screen in which they are. */
export class Nearest {
  private readonly cells = new Map<number, number[]>();

  /** Of points in pixels; what is NaN is nowhere. */
  constructor(
    private readonly x: ArrayLike<number>,
    private readonly y: ArrayLike<number>,
  ) {
    for (let i = 0; i < x.length; i++) {
      const key = cellOf(x[i]!, y[i]!);
      if (Number.isNaN(key)) continue;
      const cell = this.cells.get(key);
      if (cell) cell.push(i);
      else this.cells.set(key, [i]);
    }
  }

  /** The number of the point nearest to a place, or null where none is within `reach` pixels (at most 24). */
  find(x: number, y: number, reach = 10): number | null {
    let found: number | null = null;
    let best = Math.min(reach, CELL) ** 2;
    for (const across of [-CELL, 0, CELL]) {
      for (const down of [-CELL, 0, CELL]) {
        for (const point of this.cells.get(cellOf(x + across, y + down)) ?? []) {
          const distance = (this.x[point]! - x) ** 2 + (this.y[point]! - y) ** 2;
          if (distance <= best) [best, found] = [distance, point];
        }
      }
    }
    return found;
  }
}

const cellOf = (x: number, y: number): number => Math.floor(y / CELL) * 65536 + Math.floor(x / CELL);
