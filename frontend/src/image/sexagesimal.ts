// SPDX-License-Identifier: BSD-3-Clause

const MINUS = "\u2212";

/** Hours, minutes and seconds of a right ascension in degrees. */
export function hours(ra: number, decimals = 3): string {
  const [h, m, s] = parts((((ra % 360) + 360) % 360) / 15, decimals);
  return `${pad(h % 24)}:${pad(m)}:${seconds(s, decimals)}`;
}

/** Degrees, minutes and seconds of a declination, with its sign. */
export function degrees(dec: number, decimals = 2): string {
  const [d, m, s] = parts(Math.abs(dec), decimals);
  return `${dec < 0 ? MINUS : "+"}${pad(d)}:${pad(m)}:${seconds(s, decimals)}`;
}

/** Whole, sixtieths, and their sixtieths as a whole number of the last decimal: nothing is ever shown as 60. */
function parts(value: number, decimals: number): [number, number, number] {
  const ticks = 10 ** decimals;
  const all = Math.round(value * 3600 * ticks);
  const whole = Math.floor(all / (3600 * ticks));
  const rest = all - whole * 3600 * ticks;
  const minutes = Math.floor(rest / (60 * ticks));
  return [whole, minutes, rest - minutes * 60 * ticks];
}

function seconds(ticks: number, decimals: number): string {
  return (ticks / 10 ** decimals).toFixed(decimals).padStart(decimals ? decimals + 3 : 2, "0");
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
