// SPDX-License-Identifier: BSD-3-Clause
import uPlot from "uplot";
import type { Axis } from "./axis";
import type { Palette } from "./palette";
import type { Place } from "./paint";
import { linearTicks, logTicks, tickLabels } from "./ticks";

/** The two axes of a plot with their names. */
export interface Axes {
  x: Axis;
  y: Axis;
  xName: string;
  yName: string;
}

/** A frame with two axes, drawn by uPlot, whose inside others paint. */
export class Chart {
  private readonly plot: uPlot;
  private readonly kind: string;

  constructor(
    root: HTMLElement,
    private axes: Axes,
    palette: Palette,
    paint: (context: CanvasRenderingContext2D, place: Place) => void,
  ) {
    this.kind = kindOf(axes);
    const axis = (side: "x" | "y"): uPlot.Axis => ({
      scale: side,
      label: side === "x" ? axes.xName : axes.yName,
      font: `11px ${palette.font}`,
      labelFont: `12px ${palette.font}`,
      labelSize: 20,
      stroke: palette.text,
      size: side === "x" ? 32 : (_, values) => Math.max(34, 16 + 6.5 * Math.max(0, ...(values ?? []).map((text) => text.length))),
      grid: { stroke: palette.line, width: 1 },
      ticks: { stroke: palette.line, width: 1, size: 5 },
      splits: () => this.ticks(side),
      values: (_, ticks) => tickLabels(ticks),
      filter: (_, ticks) => ticks,
    });
    const scale = (side: "x" | "y"): uPlot.Scale => ({
      time: false,
      auto: false,
      distr: axes[side].log ? 3 : 1,
      dir: axes[side].reversed ? -1 : 1,
      range: () => [this.axes[side].low, this.axes[side].high],
    });
    const { width, height } = sizeOf(root);
    this.plot = new uPlot(
      {
        width,
        height,
        legend: { show: false },
        cursor: { show: false },
        padding: [10, 22, 0, 0],
        scales: { x: scale("x"), y: scale("y") },
        axes: [axis("x"), axis("y")],
        series: [{}, { scale: "y", paths: () => null, points: { show: false } }],
        hooks: { draw: [(plot) => paint(plot.ctx, this.place)] },
      },
      [[axes.x.low, axes.x.high], [axes.y.low, axes.y.high]],
      root,
    );
  }

  /** Show the same axes between other ends; false where they are of another kind and a new chart is needed. */
  show(axes: Axes): boolean {
    if (kindOf(axes) !== this.kind) return false;
    this.axes = axes;
    this.plot.batch(() => {
      this.plot.setScale("x", { min: axes.x.low, max: axes.x.high });
      this.plot.setScale("y", { min: axes.y.low, max: axes.y.high });
      // With the same ends as before nothing would be drawn again.
      this.plot.redraw(false, true);
    });
    return true;
  }

  /** Fill its root. */
  resize(root: HTMLElement): void {
    this.plot.setSize(sizeOf(root));
  }

  /** The inside of the frame, in pixels of the page, from the corner of the root. */
  get inside(): { left: number; top: number; width: number; height: number } {
    const { left, top, width, height } = this.plot.bbox;
    const ratio = uPlot.pxRatio;
    return { left: left / ratio, top: top / ratio, width: width / ratio, height: height / ratio };
  }

  /** Where values are on the canvas. */
  get place(): Place {
    const { left, top, width, height } = this.plot.bbox;
    const { x, y } = this.axes;
    return { left, top, width, height, ratio: uPlot.pxRatio, x: mapper(x, left, width), y: mapper(y, top + height, -height) };
  }

  destroy(): void {
    this.plot.destroy();
  }

  private ticks(side: "x" | "y"): number[] {
    const axis = this.axes[side];
    const { width, height } = this.plot.bbox;
    const most = Math.max(2, Math.floor((side === "x" ? width / 64 : height / 40) / uPlot.pxRatio)) || 6;
    return axis.log ? logTicks(axis, most) : linearTicks(axis.low, axis.high, most);
  }
}

/** What takes a value to a place, from `start` on over `width`; made once for many values. */
function mapper(axis: Axis, start: number, width: number): (value: number) => number {
  const [from, over] = axis.reversed ? [start + width, -width] : [start, width];
  if (!axis.log) {
    const scale = over / (axis.high - axis.low);
    return (value) => from + (value - axis.low) * scale;
  }
  const low = Math.log10(axis.low);
  const scale = over / (Math.log10(axis.high) - low);
  return (value) => (value > 0 ? from + (Math.log10(value) - low) * scale : NaN);
}

const kindOf = (axes: Axes): string => JSON.stringify([axes.xName, axes.yName, axes.x.log, axes.y.log, axes.x.reversed, axes.y.reversed]);

const sizeOf = (root: HTMLElement) => ({ width: Math.max(80, root.clientWidth), height: Math.max(80, root.clientHeight) });
