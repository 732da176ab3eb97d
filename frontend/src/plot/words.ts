// SPDX-License-Identifier: BSD-3-Clause
import { nameOf } from "./axes";
import type { AxisLook, PlotData, PlotSelection } from "./data";

/** What a plot shows, in a line. */
export function summary(data: PlotData | null, x: AxisLook, y: AxisLook, selection: PlotSelection | null): string {
  if (!data) return "Plot";
  const what = data.kind === "histogram" ? `Histogram of ${nameOf(x)}` : `${nameOf(y)} against ${nameOf(x)}`;
  return `${what} · ${amounts(data, selection)}`;
}

/** How many rows a plot shows, and how many of them are selected. */
export function amounts(data: PlotData | null, selection: PlotSelection | null): string {
  if (!data) return "";
  return [rows(data), selection ? chosen(data) : ""].filter(Boolean).join(" · ");
}

/** What lies at a place of a plot. */
export function figures(data: PlotData, x: number, y: number): string {
  const text = `x ${number(x)}, y ${number(y)}`;
  if (data.kind === "histogram") {
    const { edges, counts } = data;
    for (let i = 0; i < counts.length; i++) {
      if (x < edges[i]! || x >= edges[i + 1]!) continue;
      return `${number(edges[i]!)} to ${number(edges[i + 1]!)}: ${count(counts[i]!, "row")}`;
    }
    return text;
  }
  return text;
}

/** Of how many rows a plot tells; a sample says so. */
function rows(data: PlotData): string {
  if (data.kind === "points" && data.x.length < data.total) return `${data.x.length.toLocaleString("en")} of ${count(data.total, "row")}`;
  return count(data.total, "row");
}

function chosen(data: PlotData): string {
  if (!data.selected) return "";
  let number = 0;
  for (let i = 0; i < data.selected.length; i++) number += data.selected[i]!;
  const part = data.kind === "points" && data.x.length < data.total ? " of these" : "";
  return `${number.toLocaleString("en")} selected${part}`;
}

const count = (number: number, word: string): string => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;

/** Six figures, as many as pixels tell apart. */
function number(value: number): string {
  const size = Math.abs(value);
  const text = size !== 0 && (size >= 1e7 || size < 1e-4) ? value.toExponential(4) : String(Number(value.toPrecision(7)));
  return text.replace("-", "−");
}
