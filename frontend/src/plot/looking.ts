// SPDX-License-Identifier: BSD-3-Clause
import type { Chart, Encoding } from "./choice";
import type { AxisLook, Density, Histogram, PlotData, PlotSelection, Points } from "./data";
import { contains } from "./lasso";

/** Points are told apart up to about as many. */
export const MOST_POINTS = 20_000;

/** An axis in a question: an expression, cut into bins between ends; null ends are those of the rows. */
export interface AskedAxis {
  expression: string;
  bins: number;
  log: boolean;
  low: number | null;
  high: number | null;
}

/** What is known of an expression's values. */
export interface Known {
  unit?: string | undefined;
}

/** Values of expressions for some rows, or for all. */
export interface Sample {
  columns: readonly Known[];
  values: readonly Float64Array[];
  rows: ArrayLike<number>;
  /** How many rows there are to draw from. */
  of: number;
}

/** Rows that are selected in a chart, as the instance understands it. */
export interface Asked {
  x: string;
  y: string;
  selection: PlotSelection;
}

/** Reads what a chart needs of a table, wherever that lies. */
export interface Reader {
  sample(expressions: readonly string[], needed: number, most: number, within: Asked | null, signal: AbortSignal): Promise<Sample>;
  density(x: AskedAxis, y: AskedAxis, selected: Asked | null, signal: AbortSignal): Promise<Density & { columns: readonly [Known, Known] }>;
  histogram(x: AskedAxis, selected: Asked | null, signal: AbortSignal): Promise<Histogram & { column: Known }>;
}

/** What a plot shows. */
export interface Drawing {
  data: PlotData;
  x: AxisLook;
  y: AxisLook;
}

/** Read what a chart shows: points while they can be told apart, else how many there are where. */
export async function look(
  chart: Chart,
  selection: PlotSelection | null,
  size: { width: number; height: number },
  reader: Reader,
  signal: AbortSignal,
): Promise<Drawing> {
  const { x, y } = chart;
  const selected = selection && { x: x.expression, y: y.expression, selection };
  if (chart.form === "histogram") {
    const bins = Math.max(10, Math.min(200, Math.round(size.width / 8)));
    const { column, ...data } = await reader.histogram(askedAxis(x, bins), selected, signal);
    return { data, x: lookOf(x, column), y: { label: "rows", log: y.log, low: undefined, high: undefined } };
  }
  const errors = [x.error, y.error].filter(Boolean);
  const found = await reader.sample([x.expression, y.expression, ...errors], 2, MOST_POINTS, seenPart(chart), signal);
  if (found.of <= MOST_POINTS) {
    return { data: pointsOf(found, chart, selection), x: lookOf(x, found.columns[0]), y: lookOf(y, found.columns[1]) };
  }
  const cells = (pixels: number) => Math.max(16, Math.min(512, Math.round(pixels / 3)));
  const { columns, ...data } = await reader.density(askedAxis(x, cells(size.width)), askedAxis(y, cells(size.height)), selected, signal);
  return { data, x: lookOf(x, columns[0]), y: lookOf(y, columns[1]) };
}

/** Points with their errors, and which of them are selected. */
export function pointsOf(sample: Sample, chart: Chart, selection: PlotSelection | null): Points {
  const [x, y, ...errors] = sample.values as [Float64Array, Float64Array, ...Float64Array[]];
  const points: Points = { kind: "points", x, y, rows: sample.rows, total: sample.of };
  const xError = chart.x.error ? errors.shift() : undefined;
  const yError = chart.y.error ? errors.shift() : undefined;
  if (xError) [points.xLow, points.xHigh] = bars(x, xError);
  if (yError) [points.yLow, points.yHigh] = bars(y, yError);
  if (selection) points.selected = Uint8Array.from(x, (value, row) => Number(isSelected(selection, value, y[row]!)));
  return points;
}

export function isSelected(selection: PlotSelection, x: number, y: number): boolean {
  if (selection.kind === "lasso") return contains(selection.corners, x, y);
  const within = (ends: readonly [number, number] | null, value: number) => ends === null || (value >= ends[0] && value <= ends[1]);
  return within(selection.x, x) && within(selection.y, y);
}

function bars(values: Float64Array, errors: Float64Array): [low: Float64Array, high: Float64Array] {
  return [values.map((value, row) => value - errors[row]!), values.map((value, row) => value + errors[row]!)];
}

/** The part of a chart that somebody looks at closely; null for all of it. */
function seenPart({ x, y }: Chart): Asked | null {
  const ends = ({ low, high }: Encoding) => (low === null || high === null ? null : ([low, high] as const));
  const ranges = { kind: "ranges", x: ends(x), y: ends(y) } as const;
  return ranges.x || ranges.y ? { x: x.expression, y: y.expression, selection: ranges } : null;
}

const askedAxis = ({ expression, log, low, high }: Encoding, bins: number): AskedAxis => ({ expression, bins, log, low, high });

function lookOf(axis: Encoding, known: Known | undefined): AxisLook {
  const { expression, log, reversed, low, high } = axis;
  return { label: expression, unit: known?.unit, log, reversed, low: low ?? undefined, high: high ?? undefined };
}
