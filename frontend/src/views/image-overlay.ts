// SPDX-License-Identifier: BSD-3-Clause
import { html, nothing, svg, type TemplateResult } from "lit";
import type { Reading } from "../image/probe";
import { degrees, hours } from "../image/sexagesimal";
import type { ScaleBar } from "../image/signs";

/** A bar as long as the angle that stands above it. */
export function scaleSign({ length, label }: ScaleBar): TemplateResult {
  const end = Math.max(1, length);
  const bar = `M1 12v6M1 15H${end + 1}M${end + 1} 12v6`;
  return html`<svg class="scale" width=${Math.max(60, end + 2)} height="20" aria-hidden="true">
    ${svg`<path class="halo" d=${bar} /><path d=${bar} /><text class="halo" x="3" y="9">${label}</text><text x="3" y="9">${label}</text>`}
  </svg>`;
}

/** Arrows to north and east. */
export function compassSign({ north, east }: { north: number; east: number }): TemplateResult {
  const arrow = (angle: number, letter: string) => {
    const [x, y] = [Math.sin((angle * Math.PI) / 180), -Math.cos((angle * Math.PI) / 180)];
    const line = `M0 0L${(19 * x).toFixed(2)} ${(19 * y).toFixed(2)}`;
    const [tx, ty] = [(28 * x).toFixed(2), (28 * y).toFixed(2)];
    return svg`<path class="halo" d=${line} /><path d=${line} />
      <text class="halo" x=${tx} y=${ty} text-anchor="middle" dominant-baseline="central">${letter}</text>
      <text x=${tx} y=${ty} text-anchor="middle" dominant-baseline="central">${letter}</text>`;
  };
  return html`<svg class="compass" width="76" height="76" viewBox="-38 -38 76 76" aria-hidden="true">${arrow(north, "N")}${arrow(east, "E")}</svg>`;
}

/** Six figures, and powers of ten where they would not do. */
export function figure(value: number): string {
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e7) ? value.toExponential(5).replace("e+", "e") : String(Number(value.toPrecision(7)));
  return text.replace(/-/g, "\u2212");
}

/** Degrees with six decimals: a few milliarcseconds. */
function decimal(value: number, sign = false): string {
  return `${value < 0 ? "\u2212" : sign ? "+" : ""}${Math.abs(value).toFixed(6)}`;
}

function valueText(value: number | null, unit: string | null): string {
  return value === null ? "no value" : [figure(value), unit].filter(Boolean).join("\u00a0");
}

/** The line below an image: where the pointer is, and what is there. */
export function readout(reading: Reading | null, unit: string | null, hint: string): TemplateResult {
  if (!reading) return html`<div class="readout"><span class="hint">${hint}</span></div>`;
  const { sky, value, isInside } = reading;
  return html`<div class="readout" data-testid="image-readout">
    ${sky
      ? html`<span class="sky">${hours(sky.ra)} ${degrees(sky.dec)}</span><span class="degrees">${decimal(sky.ra)} ${decimal(sky.dec, true)}</span>`
      : html`<span class="hint">no sky here</span>`}
    <span class="pixel"><i>x</i> ${reading.x} <i>y</i> ${reading.y}</span>
    ${isInside
      ? html`<span class="value">${value ? valueText(value.value, unit) : "\u2026"}</span>
          ${value?.flags.length ? html`<span class="flags">${value.flags.join(" ")}</span>` : nothing}`
      : html`<span class="hint">outside of the image</span>`}
  </div>`;
}

/** The colours from the lower to the upper cut; who shows it paints the canvas. */
export function colourBar([low, high]: readonly [number, number], unit: string | null): TemplateResult {
  const short = (value: number) => figure(Number(value.toPrecision(4)));
  return html`<div class="bar" data-testid="colour-bar">
    <span>${short(low)}</span>
    <canvas width="256" height="1" role="img" aria-label="Colours from the lower to the upper cut"></canvas>
    <span>${[short(high), unit].filter(Boolean).join(" ")}</span>
  </div>`;
}

/** The same as a sentence, for those who hear it. */
export function spoken(reading: Reading | null, unit: string | null): string {
  if (!reading) return "";
  if (!reading.isInside) return "Outside of the image";
  const { sky, value } = reading;
  const at = sky ? `right ascension ${hours(sky.ra, 2)}, declination ${degrees(sky.dec, 1)}, ` : "";
  const what = value ? valueText(value.value, unit) : "";
  return `Pixel ${reading.x}, ${reading.y}, ${at}${what}${value?.flags.length ? `, ${value.flags.join(", ")}` : ""}`;
}
