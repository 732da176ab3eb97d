// SPDX-License-Identifier: BSD-3-Clause

/** Browsers cap the height of an element near 33.5 million pixels (Chromium) or 17.8 (Firefox). */
const TALLEST = 8_000_000;

/** So far from both ends a pixel of the scroll bar is a pixel of the table. */
const EXACT = 200_000;

/**
 * The place of a window in a table that may be taller than any element can be.
 *
 * `top` is in pixels of the whole table (`full` of them). The scroll bar lives in an element of
 * `tall` pixels: both agree near the two ends, and the middle is squeezed, so that every row can
 * be reached and the ends feel as they should.
 */
export class Scale {
  readonly full: number;
  readonly tall: number;
  private readonly ratio: number;

  constructor(
    readonly rows: number,
    readonly rowHeight: number,
  ) {
    this.full = rows * rowHeight;
    this.tall = Math.min(this.full, TALLEST);
    this.ratio = this.isSqueezed ? (this.full - 2 * EXACT) / (this.tall - 2 * EXACT) : 1;
  }

  /** Whether the scroll bar speaks of more pixels than it has. */
  get isSqueezed(): boolean {
    return this.full > this.tall;
  }

  /** From the scroll bar to the table. */
  toTable(bar: number): number {
    if (!this.isSqueezed || bar <= EXACT) return bar;
    if (bar >= this.tall - EXACT) return this.full - (this.tall - bar);
    return EXACT + (bar - EXACT) * this.ratio;
  }

  /** From the table to the scroll bar. */
  toBar(top: number): number {
    if (!this.isSqueezed || top <= EXACT) return top;
    if (top >= this.full - EXACT) return this.tall - (this.full - top);
    return EXACT + (top - EXACT) / this.ratio;
  }

  /** The nearest place that exists, for a window so many pixels high. */
  clamp(top: number, window: number): number {
    return Math.max(0, Math.min(top, this.full - window));
  }

  /** The rows to be seen: first, and one past the last. */
  rowsIn(top: number, window: number): [first: number, end: number] {
    const first = Math.max(0, Math.floor(top / this.rowHeight));
    return [first, Math.min(this.rows, Math.ceil((top + window) / this.rowHeight))];
  }

  /** The smallest move that shows a row whole. */
  reveal(row: number, top: number, window: number): number {
    const begin = row * this.rowHeight;
    if (begin < top) return begin;
    if (begin + this.rowHeight > top + window) return this.clamp(begin + this.rowHeight - window, window);
    return top;
  }
}
