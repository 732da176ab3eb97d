// SPDX-License-Identifier: BSD-3-Clause

/** A place in a table, counted from 0. */
export interface Cell {
  row: number;
  column: number;
}

/** Cells from an anchor to where the cursor is. */
export interface Selection {
  anchor: Cell;
  cursor: Cell;
}

/** A rectangle of cells; `end` values are one past the last. */
export interface Span {
  row: number;
  rowEnd: number;
  column: number;
  columnEnd: number;
}

export function spanOf({ anchor, cursor }: Selection): Span {
  return {
    row: Math.min(anchor.row, cursor.row),
    rowEnd: Math.max(anchor.row, cursor.row) + 1,
    column: Math.min(anchor.column, cursor.column),
    columnEnd: Math.max(anchor.column, cursor.column) + 1,
  };
}

export function isInside(span: Span, row: number, column: number): boolean {
  return row >= span.row && row < span.rowEnd && column >= span.column && column < span.columnEnd;
}

/** Where a key leads from a cell; null for keys that do not move. `page` is the rows in a window. */
export function moved(key: string, cell: Cell, rows: number, columns: number, page: number, far: boolean): Cell | null {
  const { row, column } = cell;
  const target = ((): Cell | null => {
    switch (key) {
      case "ArrowUp":
        return { row: far ? 0 : row - 1, column };
      case "ArrowDown":
        return { row: far ? rows - 1 : row + 1, column };
      case "ArrowLeft":
        return { row, column: far ? 0 : column - 1 };
      case "ArrowRight":
        return { row, column: far ? columns - 1 : column + 1 };
      case "PageUp":
        return { row: row - page, column };
      case "PageDown":
        return { row: row + page, column };
      case "Home":
        return far ? { row: 0, column: 0 } : { row, column: 0 };
      case "End":
        return far ? { row: rows - 1, column: columns - 1 } : { row, column: columns - 1 };
      default:
        return null;
    }
  })();
  if (!target) return null;
  return {
    row: Math.max(0, Math.min(rows - 1, target.row)),
    column: Math.max(0, Math.min(columns - 1, target.column)),
  };
}
