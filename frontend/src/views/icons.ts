// SPDX-License-Identifier: BSD-3-Clause
import { html, svg, type TemplateResult } from "lit";

/** Pictograms on a grid of 16; they never stand without a word or a label beside them. */
const PATHS = {
  run: "M4.5 2.8v10.4L13 8z",
  stop: "M4 4h8v8H4z",
  right: "M6 3.5 10.5 8 6 12.5",
  down: "M3.5 6 8 10.5 12.5 6",
  close: "M4 4l8 8M12 4l-8 8",
  download: "M8 2.5v7.5M4.8 7 8 10.2 11.2 7M3 13.2h10",
  copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z",
  trash: "M3 4.5h10M6.5 4V2.5h3V4M4.5 4.5l.6 9h5.8l.6-9",
  edit: "M3 13l.7-3L10.6 3l2.4 2.4L6 12.3z",
  search: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.3 10.3l3.4 3.4",
  eye: "M1.5 8s2.4-4.3 6.5-4.3S14.5 8 14.5 8 12.1 12.3 8 12.3 1.5 8 1.5 8M8 6.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  image: "M2.5 3h11v10h-11zM2.5 11l3.2-3.5 2.6 2.6 1.8-1.8 3.4 3.2M10.2 5.6v.1",
  refresh: "M13 8a5 5 0 1 1-1.6-3.7M13.2 2v3h-3",
  link: "M6.5 9.5l3-3M7 4.6l1.7-1.7a2.9 2.9 0 0 1 4.1 4.1L11.1 8.7M9 11.4l-1.7 1.7A2.9 2.9 0 0 1 3.2 9l1.7-1.7",
  plot: "M2.5 2.5v11h11M5.2 10.3h.01M7.3 7.4h.01M9.6 8.6h.01M11.8 4.6h.01",
  table: "M2.5 3h11v10h-11zM2.5 6.3h11M6.5 3v10",
  release: "M8 2l5.5 2.7v6.6L8 14l-5.5-2.7V4.7zM2.7 4.8 8 7.4l5.3-2.6M8 7.4V14",
  box: "M2.5 4.5h11v7h-11z",
  lasso: "M8 2.8c3.2 0 5.6 1.6 5.6 3.7S11.2 10.2 8 10.2 2.4 8.6 2.4 6.5 4.8 2.8 8 2.8M5.2 9.8c-1.4.8-1 2 0 2.2s1 1.6-.4 1.8",
  closer: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.3 10.3l3.4 3.4M5 7h4M7 5v4",
  move: "M8 2v12M2 8h12M6 4l2-2 2 2M6 12l2 2 2-2M4 6 2 8l2 2M12 6l2 2-2 2",
} as const;

export type IconName = keyof typeof PATHS;

const SOLID: ReadonlySet<IconName> = new Set(["run", "stop"]);

export function icon(name: IconName, size = 16): TemplateResult {
  const solid = SOLID.has(name);
  return html`<svg
    width=${size}
    height=${size}
    viewBox="0 0 16 16"
    fill=${solid ? "currentColor" : "none"}
    stroke="currentColor"
    stroke-width=${solid ? 0 : 1.4}
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    ${svg`<path d=${PATHS[name]}></path>`}
  </svg>`;
}
