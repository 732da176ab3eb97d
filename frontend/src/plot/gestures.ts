// SPDX-License-Identifier: BSD-3-Clause
import { fromUnit, toUnit } from "./axis";
import type { Axes } from "./chart";
import type { PlotSelection } from "./data";
import { simplified, type Corner } from "./lasso";

/** What dragging the pointer does. */
export type Tool = "select" | "lasso" | "zoom" | "pan";

/** The inside of a plot's frame, in pixels of the page. */
export interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A part of a plot in pixels; null where it reaches from one end of an axis to the other. */
export interface Box {
  x: readonly [number, number] | null;
  y: readonly [number, number] | null;
}

/** Less than this, in pixels, is a click. */
export const CLICK = 4;

/** What a drag from one place to another encloses: only one axis where it began beside the other, or where `only` says so. */
export function boxOf(from: Corner, to: Corner, frame: Frame, only: "x" | null = null): Box {
  const inside = ([x, y]: Corner) => [x >= frame.left, y <= frame.top + frame.height] as const;
  const [isRight, isAbove] = inside(from);
  const sorted = (one: number, other: number) => [Math.min(one, other), Math.max(one, other)] as const;
  return {
    x: isRight ? clamped(sorted(from[0], to[0]), frame.left, frame.width) : null,
    y: isAbove && only !== "x" ? clamped(sorted(from[1], to[1]), frame.top, frame.height) : null,
  };
}

/** Whether a box is so small that it was a click. */
export function isClick({ x, y }: Box): boolean {
  const isShort = (side: readonly [number, number] | null) => side === null || side[1] - side[0] < CLICK;
  return isShort(x) && isShort(y);
}

/** The values between which a box lies. */
export function rangesOf(box: Box, axes: Axes, frame: Frame): PlotSelection & { kind: "ranges" } {
  const values = (side: readonly [number, number] | null, isX: boolean) => {
    if (!side) return null;
    const [one, other] = side.map((pixel) => valueAt(pixel, isX, axes, frame)) as [number, number];
    return [Math.min(one, other), Math.max(one, other)] as const;
  };
  return { kind: "ranges", x: values(box.x, true), y: values(box.y, false) };
}

/** The polygon of values that was drawn; null where nothing lies in it. */
export function lassoOf(drawn: readonly Corner[], axes: Axes, frame: Frame): (PlotSelection & { kind: "lasso" }) | null {
  const corners = simplified(drawn, 1);
  if (corners.length < 3) return null;
  return { kind: "lasso", corners: corners.map(([x, y]) => [valueAt(x, true, axes, frame), valueAt(y, false, axes, frame)] as const) };
}

/** The value at a pixel. */
export function valueAt(pixel: number, isX: boolean, axes: Axes, frame: Frame): number {
  const axis = isX ? axes.x : axes.y;
  return fromUnit(axis, placeAt(pixel, isX, axes, frame));
}

/** How far along its axis a pixel is, from 0 at the low end to 1 at the high end. */
export function placeAt(pixel: number, isX: boolean, axes: Axes, frame: Frame): number {
  const axis = isX ? axes.x : axes.y;
  const place = isX ? (pixel - frame.left) / frame.width : 1 - (pixel - frame.top) / frame.height;
  return axis.reversed ? 1 - place : place;
}

/** Where a value is; a logarithmic axis has what is not positive beyond its low end. */
export function pixelAt(value: number, isX: boolean, axes: Axes, frame: Frame): number {
  const axis = isX ? axes.x : axes.y;
  const unit = toUnit(axis, value);
  const place = Number.isNaN(unit) ? -1 : Math.max(-9, Math.min(10, unit));
  const along = axis.reversed ? 1 - place : place;
  return isX ? frame.left + along * frame.width : frame.top + (1 - along) * frame.height;
}

/** The corners, in pixels, of what is selected. */
export function outlineOf(selection: PlotSelection, axes: Axes, frame: Frame): Corner[] {
  if (selection.kind === "lasso") return selection.corners.map(([x, y]) => [pixelAt(x, true, axes, frame), pixelAt(y, false, axes, frame)]);
  const { left, top, width, height } = frame;
  const [x1, x2] = selection.x ? selection.x.map((value) => pixelAt(value, true, axes, frame)) : [left, left + width];
  const [y1, y2] = selection.y ? selection.y.map((value) => pixelAt(value, false, axes, frame)) : [top, top + height];
  return [
    [x1!, y1!],
    [x2!, y1!],
    [x2!, y2!],
    [x1!, y2!],
  ];
}

function clamped([low, high]: readonly [number, number], start: number, width: number): readonly [number, number] {
  const into = (value: number) => Math.max(start, Math.min(start + width, value));
  return [into(low), into(high)];
}
