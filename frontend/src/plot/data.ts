// SPDX-License-Identifier: BSD-3-Clause
import type { Corner } from "./lasso";

/** Every row as a point. Where `xLow` … are there, they are the ends of its error bars. */
export interface Points {
  kind: "points";
  x: Float64Array;
  y: Float64Array;
  /** The rows' numbers in their table; the points' own where it is absent. */
  rows?: ArrayLike<number>;
  xLow?: Float64Array;
  xHigh?: Float64Array;
  yLow?: Float64Array;
  yHigh?: Float64Array;
  /** 1 for each point that is selected; absent where nothing is. */
  selected?: Uint8Array;
  /** How many rows there are, of which the points may be a sample. */
  total: number;
}

/** How many rows are in each cell of a grid, which is even on the axes as they are drawn. */
export interface Density {
  kind: "density";
  width: number;
  height: number;
  x: readonly [low: number, high: number];
  y: readonly [low: number, high: number];
  /** From the lowest y on, and in it from the lowest x on. */
  counts: ArrayLike<number>;
  /** Of those, how many are selected; absent where nothing is. */
  selected?: ArrayLike<number>;
  total: number;
}

/** How many rows are in each bin. */
export interface Histogram {
  kind: "histogram";
  /** One more than bins, rising. */
  edges: ArrayLike<number>;
  counts: ArrayLike<number>;
  selected?: ArrayLike<number>;
  total: number;
}

export type PlotData = Points | Density | Histogram;

/** How an axis is called, and drawn. */
export interface AxisLook {
  label: string;
  unit?: string | undefined;
  log?: boolean | undefined;
  reversed?: boolean | undefined;
  /** Where it ends, where somebody has said; else what the data need. */
  low?: number | undefined;
  high?: number | undefined;
}

/** What is selected in a plot: between values of one or both axes, or in a polygon. */
export type PlotSelection =
  | { kind: "ranges"; x: readonly [number, number] | null; y: readonly [number, number] | null }
  | { kind: "lasso"; corners: readonly Corner[] };
