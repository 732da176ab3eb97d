// SPDX-License-Identifier: BSD-3-Clause
import type { Density, Histogram, PlotData, Points } from "./data";
import type { Palette } from "./palette";

/** Where things are on a canvas, in its own pixels. */
export interface Place {
  x(value: number): number;
  y(value: number): number;
  left: number;
  top: number;
  width: number;
  height: number;
  /** Pixels of the canvas to one of the page. */
  ratio: number;
}

/** Draw data; what is selected stands out from the rest. */
export function paint(context: CanvasRenderingContext2D, data: PlotData, place: Place, palette: Palette): void {
  context.save();
  context.beginPath();
  context.rect(place.left, place.top, place.width, place.height);
  context.clip();
  if (data.kind === "points") paintPoints(context, data, place, palette);
  else if (data.kind === "density") paintDensity(context, data, place, palette);
  else paintHistogram(context, data, place, palette);
  context.restore();
}

/** Draw a ring about the point that is pointed at. */
export function paintMark(context: CanvasRenderingContext2D, x: number, y: number, place: Place, palette: Palette): void {
  context.save();
  context.beginPath();
  context.arc(place.x(x), place.y(y), 7 * place.ratio, 0, 2 * Math.PI);
  context.lineWidth = 4 * place.ratio;
  context.strokeStyle = palette.panel;
  context.stroke();
  context.lineWidth = 2 * place.ratio;
  context.strokeStyle = palette.mark;
  context.stroke();
  context.restore();
}

function paintPoints(context: CanvasRenderingContext2D, points: Points, place: Place, palette: Palette): void {
  const { selected } = points;
  paintErrors(context, points, place, palette);
  const size = (points.x.length > 5000 ? 2 : points.x.length > 500 ? 3.5 : 6) * place.ratio;
  context.globalAlpha = points.x.length > 5000 ? 0.55 : 0.8;
  context.fillStyle = selected ? palette.faint : palette.accent;
  fillPoints(context, points, place, size, (row) => !selected?.[row]);
  if (!selected) return;
  context.globalAlpha = 0.9;
  context.fillStyle = palette.mark;
  fillPoints(context, points, place, size * 1.15, (row) => selected[row] === 1);
}

function fillPoints(context: CanvasRenderingContext2D, points: Points, place: Place, size: number, isWanted: (row: number) => boolean): void {
  const isRound = size > 5;
  for (let row = 0; row < points.x.length; row++) {
    if (!isWanted(row)) continue;
    const x = place.x(points.x[row]!);
    const y = place.y(points.y[row]!);
    if (!(x >= place.left - size && x <= place.left + place.width + size)) continue;
    if (!(y >= place.top - size && y <= place.top + place.height + size)) continue;
    if (!isRound) {
      context.fillRect(x - size / 2, y - size / 2, size, size);
      continue;
    }
    context.beginPath();
    context.arc(x, y, size / 2, 0, 2 * Math.PI);
    context.fill();
  }
}

function paintErrors(context: CanvasRenderingContext2D, points: Points, place: Place, palette: Palette): void {
  const { xLow, xHigh, yLow, yHigh } = points;
  context.globalAlpha = points.x.length > 2000 ? 0.2 : 0.5;
  context.strokeStyle = palette.muted;
  context.lineWidth = place.ratio;
  context.beginPath();
  for (let row = 0; row < points.x.length; row++) {
    const x = place.x(points.x[row]!);
    const y = place.y(points.y[row]!);
    if (Number.isNaN(x + y)) continue;
    if (yLow && yHigh) line(context, x, place.y(yLow[row]!), x, place.y(yHigh[row]!), place);
    if (xLow && xHigh) line(context, place.x(xLow[row]!), y, place.x(xHigh[row]!), y, place);
  }
  context.stroke();
}

/** A line whose ends may lie beyond what a logarithmic axis can show. */
function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number, place: Place): void {
  context.moveTo(Number.isNaN(x1) ? place.left - place.width : x1, Number.isNaN(y1) ? place.top + 2 * place.height : y1);
  context.lineTo(Number.isNaN(x2) ? place.left - place.width : x2, Number.isNaN(y2) ? place.top + 2 * place.height : y2);
}

function paintDensity(context: CanvasRenderingContext2D, density: Density, place: Place, palette: Palette): void {
  const [left, right] = density.x.map((value) => place.x(value)) as [number, number];
  const [bottom, top] = density.y.map((value) => place.y(value)) as [number, number];
  const draw = (counts: ArrayLike<number>, colours: Uint8ClampedArray) => {
    const picture = pictureOf(counts, density.width, density.height, colours);
    context.save();
    context.imageSmoothingEnabled = false;
    context.translate(left, bottom);
    context.scale((right - left) / density.width, (top - bottom) / density.height);
    context.drawImage(picture, 0, 0);
    context.restore();
  };
  draw(density.counts, density.selected ? palette.others : palette.many);
  if (density.selected) draw(density.selected, palette.chosen);
}

/** Counts as a picture: empty cells are clear, others coloured by the logarithm of their count. */
function pictureOf(counts: ArrayLike<number>, width: number, height: number, colours: Uint8ClampedArray): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(width, height);
  image.data.set(coloured(counts, colours));
  context.putImageData(image, 0, 0);
  return canvas;
}

/** The RGBA pixels of counts, in their order. */
export function coloured(counts: ArrayLike<number>, colours: Uint8ClampedArray): Uint8ClampedArray {
  let most = 0;
  for (let i = 0; i < counts.length; i++) most = Math.max(most, counts[i]!);
  const last = colours.length / 3 - 1;
  const pixels = new Uint8ClampedArray(counts.length * 4);
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]!;
    if (count <= 0) continue;
    const colour = 3 * Math.round(most > 1 ? last * Math.max(0, Math.log(count) / Math.log(most)) : last);
    pixels.set(colours.subarray(colour, colour + 3), i * 4);
    pixels[i * 4 + 3] = 255;
  }
  return pixels;
}

function paintHistogram(context: CanvasRenderingContext2D, histogram: Histogram, place: Place, palette: Palette): void {
  const { edges, counts, selected } = histogram;
  const floor = place.top + place.height;
  const bar = (index: number, count: number) => {
    if (count <= 0) return;
    const from = place.x(edges[index]!);
    const to = place.x(edges[index + 1]!);
    const left = Math.min(from, to);
    const height = floor - place.y(count);
    // A gap between bars, where they are wide enough for one.
    const gap = Math.abs(to - from) > 4 * place.ratio ? place.ratio : 0;
    context.fillRect(left, floor - height, Math.max(place.ratio * 0.5, Math.abs(to - from) - gap), height);
  };
  context.fillStyle = selected ? palette.faint : palette.accent;
  context.globalAlpha = selected ? 0.45 : 0.85;
  for (let i = 0; i < counts.length; i++) bar(i, counts[i]!);
  if (!selected) return;
  context.fillStyle = palette.mark;
  context.globalAlpha = 0.95;
  for (let i = 0; i < selected.length; i++) bar(i, selected[i]!);
}
