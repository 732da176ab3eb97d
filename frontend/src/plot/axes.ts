// SPDX-License-Identifier: BSD-3-Clause
import { between, extent, fitted, type Axis } from "./axis";
import type { Axes } from "./chart";
import type { AxisLook, PlotData } from "./data";

/** The axes on which data are seen whole, unless somebody has said where an axis ends. */
export function axesOf(data: PlotData | null, x: AxisLook, y: AxisLook): Axes {
  const [xEnds, yEnds] = data ? endsOf(data, x.log ?? false, y.log ?? false) : [fitted(NaN, NaN, x.log), fitted(NaN, NaN, y.log)];
  return { x: looking(xEnds, x), y: looking(yEnds, y), xName: nameOf(x), yName: nameOf(y) };
}

/** An axis as it is called: with its unit, where it has one. */
export function nameOf(look: AxisLook): string {
  return look.unit ? `${look.label} [${look.unit}]` : look.label;
}

function looking(axis: Axis, look: AxisLook): Axis {
  const turned = { ...axis, reversed: look.reversed ?? false };
  return between(turned, look.low ?? turned.low, look.high ?? turned.high);
}

function endsOf(data: PlotData, xLog: boolean, yLog: boolean): [Axis, Axis] {
  if (data.kind === "density") return [exactly(data.x, xLog), exactly(data.y, yLog)];
  if (data.kind === "histogram") {
    const most = extent(data.counts)[1];
    const { edges } = data;
    const ends = [edges[0] ?? NaN, edges[edges.length - 1] ?? NaN] as const;
    const top = Math.max(1, Number.isFinite(most) ? most : 1);
    // Bars stand on the axis: on nothing, or on less than one where its logarithm is taken.
    return [exactly(ends, xLog), { low: yLog ? 0.5 : 0, high: yLog ? top * 2 : top * 1.06, log: yLog, reversed: false }];
  }
  return [wide([data.x, data.xLow, data.xHigh], xLog), wide([data.y, data.yLow, data.yHigh], yLog)];
}

function exactly([low, high]: readonly [number, number], log: boolean): Axis {
  const axis = { low, high, log, reversed: false };
  return between(fitted(low, high, log), axis.low, axis.high);
}

function wide(columns: (Float64Array | undefined)[], log: boolean): Axis {
  const ends = columns.filter((column) => column !== undefined).map((column) => extent(column, log));
  return fitted(Math.min(...ends.map(([low]) => low)), Math.max(...ends.map(([, high]) => high)), log);
}
