// SPDX-License-Identifier: BSD-3-Clause

const NARROWEST = 48;
const WIDEST = 2000;

/** The widths of columns, where each begins, and which ones are in a window. */
export class Widths {
  private readonly widths: number[];
  private starts: number[] = [];

  constructor(widths: Iterable<number>) {
    this.widths = [...widths];
    this.add();
  }

  get length(): number {
    return this.widths.length;
  }

  get total(): number {
    return this.starts[this.widths.length] ?? 0;
  }

  width(column: number): number {
    return this.widths[column] ?? 0;
  }

  start(column: number): number {
    return this.starts[column] ?? 0;
  }

  resize(column: number, width: number): void {
    this.widths[column] = Math.max(NARROWEST, Math.min(WIDEST, Math.round(width)));
    this.add();
  }

  /** The columns to be seen from `left`: first, and one past the last. */
  columnsIn(left: number, window: number): [first: number, end: number] {
    let low = 0;
    let high = this.widths.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.starts[middle + 1]! <= left) low = middle + 1;
      else high = middle;
    }
    let end = low;
    while (end < this.widths.length && this.starts[end]! < left + window) end++;
    return [low, end];
  }

  /** The smallest move that shows a column whole. */
  reveal(column: number, left: number, window: number): number {
    if (this.start(column) < left) return this.start(column);
    const over = this.start(column) + this.width(column) - (left + window);
    return over > 0 ? Math.min(left + over, this.start(column)) : left;
  }

  private add(): void {
    this.starts = [0];
    for (const width of this.widths) this.starts.push(this.starts.at(-1)! + width);
  }
}
