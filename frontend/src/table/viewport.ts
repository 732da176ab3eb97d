// SPDX-License-Identifier: BSD-3-Clause
import { Scale } from "./scroll";
import { Widths } from "./widths";

/** The part of a table that is seen: where it is, how large, and how scroll bars and fingers move it. */
export class Viewport {
  scale: Scale;
  widths = new Widths([]);
  /** In pixels of the whole table. */
  top = 0;
  left = 0;
  /** Where the scroll bar was put, or last found. */
  bar = 0;
  width = 0;
  height = 0;

  constructor(private readonly rowHeight: number) {
    this.scale = new Scale(0, rowHeight);
  }

  /** Begin at the start of a table of so many rows, whose columns are not known yet. */
  open(rows: number): void {
    this.scale = new Scale(rows, this.rowHeight);
    this.widths = new Widths([]);
    this.top = this.left = this.bar = 0;
  }

  /** The rows in sight: first, and one past the last. */
  get rows(): [first: number, end: number] {
    return this.scale.rowsIn(this.top, this.height);
  }

  get columns(): [first: number, end: number] {
    return this.widths.columnsIn(this.left, Math.max(0, this.width));
  }

  /** So many rows does Page Down go. */
  get pageRows(): number {
    return Math.max(1, Math.floor(this.height / this.rowHeight) - 1);
  }

  /** Follow the scroll bars; says by how many pixels of the table the rows moved. */
  follow(bar: number, left: number, isFinger: boolean): number {
    this.left = left;
    const moved = bar - this.bar;
    // Our own moves come back as events, rounded to pixels; they must not round the place.
    if (Math.abs(moved) <= 1) return 0;
    const before = this.top;
    this.bar = bar;
    // A finger moves the rows under it, not the whole table.
    const isNear = isFinger && this.scale.isSqueezed && Math.abs(moved) < this.height;
    this.top = isNear ? this.scale.clamp(this.top + moved, this.height) : this.scale.toTable(bar);
    return Math.abs(this.top - before);
  }

  /** Go to a place, and say where the scroll bar belongs then. */
  moveTo(top: number): number {
    this.top = this.scale.clamp(top, this.height);
    this.bar = this.scale.toBar(this.top);
    return this.bar;
  }

  /** Where the top must be so that a row is seen whole. */
  revealRow(row: number): number {
    return this.scale.reveal(row, this.top, this.height);
  }

  revealColumn(column: number): number {
    return this.widths.reveal(column, this.left, this.width);
  }
}
