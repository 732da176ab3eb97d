// SPDX-License-Identifier: BSD-3-Clause

/** What lies between the ends of an axis, in the order of the numbers; `reversed` says that it is drawn the other way. */
export interface Axis {
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  readonly reversed: boolean;
}

/** What part of the span between the smallest and the largest value is left free on each side. */
const MARGIN = 0.04;

/** Doubles have about 15 figures; a closer look would show their steps, not data. */
const CLOSEST = 1e-12;

const into = (axis: Axis, value: number): number => (axis.log ? Math.log10(value) : value);
const out = (axis: Axis, value: number): number => (axis.log ? 10 ** value : value);

/** Where a value lies, from 0 at the low end to 1 at the high end; NaN for what a logarithmic axis cannot show. */
export function toUnit(axis: Axis, value: number): number {
  if (axis.log && value <= 0) return NaN;
  const low = into(axis, axis.low);
  return (into(axis, value) - low) / (into(axis, axis.high) - low);
}

/** The value at a place, from 0 at the low end to 1 at the high end. */
export function fromUnit(axis: Axis, place: number): number {
  const low = into(axis, axis.low);
  return out(axis, low + place * (into(axis, axis.high) - low));
}

/** The same axis between other ends; it stays as it is where those are too close or no numbers. */
export function between(axis: Axis, one: number, other: number): Axis {
  const low = Math.min(one, other);
  const high = Math.max(one, other);
  if (!Number.isFinite(low) || !Number.isFinite(high) || (axis.log && low <= 0)) return axis;
  const width = into(axis, high) - into(axis, low);
  const scale = Math.max(Math.abs(into(axis, high)), Math.abs(into(axis, low)));
  return width <= scale * CLOSEST ? axis : { ...axis, low, high };
}

/** The same axis, closer for a `factor` under 1; what is at a place from 0 to 1 stays there. */
export function zoomed(axis: Axis, place: number, factor: number): Axis {
  return between(axis, fromUnit(axis, place - place * factor), fromUnit(axis, place + (1 - place) * factor));
}

/** The same axis, moved by a part of its width. */
export function moved(axis: Axis, by: number): Axis {
  return between(axis, fromUnit(axis, by), fromUnit(axis, 1 + by));
}

/** An axis on which all of a range is seen, with a margin; one value, or none, gets room about it. */
export function fitted(lowest: number, highest: number, log = false, reversed = false): Axis {
  let low = Math.min(lowest, highest);
  let high = Math.max(lowest, highest);
  if (!Number.isFinite(low) || !Number.isFinite(high) || (log && high <= 0)) return { low: log ? 0.1 : 0, high: log ? 10 : 1, log, reversed };
  if (log && low <= 0) low = high / 1e6;
  if (low === high) {
    const room = log ? 0 : Math.abs(low) * 0.05 || 0.5;
    [low, high] = log ? [low / 2, high * 2] : [low - room, high + room];
  }
  const axis = { low, high, log, reversed };
  return { ...axis, low: fromUnit(axis, -MARGIN), high: fromUnit(axis, 1 + MARGIN) };
}

/** The smallest and the largest finite value, of the positive ones for a logarithmic axis; infinite where there is none. */
export function extent(values: ArrayLike<number>, log = false): [low: number, high: number] {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value) || (log && value <= 0)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
