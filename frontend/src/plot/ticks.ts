// SPDX-License-Identifier: BSD-3-Clause
import type { Axis } from "./axis";

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** Where a logarithmic axis is marked: at powers of ten, or at 1, 2, 5 of each where there are few. */
export function logTicks(axis: Axis, most = 8): number[] {
  const first = Math.floor(Math.log10(axis.low));
  const last = Math.ceil(Math.log10(axis.high));
  const step = Math.max(1, Math.ceil((last - first) / most));
  const inside = (value: number) => value >= axis.low && value <= axis.high;
  const powers: number[] = [];
  for (let power = Math.ceil(first / step) * step; power <= last; power += step) powers.push(10 ** power);
  const found = powers.filter(inside);
  if (found.length > 2) return found;
  const finer: number[] = [];
  for (let power = first; power <= last; power++) for (const digit of [1, 2, 5]) finer.push(digit * 10 ** power);
  const few = finer.filter(inside);
  return few.length > 1 ? few : linearTicks(axis.low, axis.high, most);
}

/** Where a linear axis is marked: at multiples of 1, 2 or 5 times a power of ten. */
export function linearTicks(low: number, high: number, most = 8): number[] {
  const rough = (high - low) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((each) => each >= rough)!;
  const ticks: number[] = [];
  for (let count = Math.ceil(low / step); count * step <= high; count++) ticks.push(count * step);
  return ticks;
}

/** The marks of an axis as people write them, all with as many decimals as tell them apart. */
export function tickLabels(ticks: readonly number[]): string[] {
  const largest = Math.max(0, ...ticks.map(Math.abs));
  const steps = ticks.slice(1).map((tick, index) => Math.abs(tick - ticks[index]!));
  const step = steps.length > 0 ? Math.min(...steps) : largest;
  const isUneven = steps.length > 0 && Math.max(...steps) > 1.5 * step;
  if (isUneven) return ticks.map((tick) => plain(tick, tick));
  if (largest !== 0 && (largest >= 1e6 || largest < 1e-4)) return ticks.map((tick) => power(tick, step));
  return ticks.map((tick) => plain(tick, step));
}

/** A number with as many decimals as a step has, or as a power of ten. */
function plain(value: number, step: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) return power(value, step);
  return minus(value.toFixed(decimals(step)));
}

function power(value: number, step: number): string {
  if (value === 0) return "0";
  const exponent = Math.floor(Math.log10(Math.abs(value)) + 1e-9);
  const digits = (value / 10 ** exponent).toFixed(decimals(step / 10 ** exponent));
  const times = Number(digits) === 1 ? "" : Number(digits) === -1 ? "−" : `${minus(digits)}·`;
  return `${times}10${superscript(exponent)}`;
}

/** How many decimals a step needs, which may be 2.5 or 0.05. */
function decimals(step: number): number {
  for (let count = 0; count < 15; count++) {
    const scaled = step * 10 ** count;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6 * Math.abs(scaled)) return count;
  }
  return 15;
}

function superscript(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[Number(digit)]);
  return (exponent < 0 ? "⁻" : "") + digits.join("");
}

const minus = (text: string): string => (Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−"));
