// SPDX-License-Identifier: BSD-3-Clause
import { parsed, ramp, type Rgb } from "./ramp";

/** The colours of a plot, as its theme has them; ramps are tables of 256 RGB colours. */
export interface Palette {
  text: string;
  muted: string;
  line: string;
  panel: string;
  accent: string;
  faint: string;
  mark: string;
  font: string;
  many: Uint8ClampedArray;
  chosen: Uint8ClampedArray;
  others: Uint8ClampedArray;
}

/** Read the colours that apply inside an element, whose styles name them `--_text` and so on. */
export function paletteOf(root: HTMLElement): Palette {
  const probe = document.createElement("span");
  probe.hidden = true;
  root.append(probe);
  const read = (name: string): string => {
    probe.style.color = `var(--_${name})`;
    return getComputedStyle(probe).color;
  };
  const [text, muted, line, panel, accent, faint, mark] = ["text", "muted", "line", "panel", "accent", "faint", "mark"].map(read) as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const font = getComputedStyle(root).fontFamily;
  probe.remove();
  const mixed = (one: string, other: string, part: number): Rgb =>
    parsed(one).map((value, index) => value + (parsed(other)[index]! - value) * part) as unknown as Rgb;
  return {
    ...{ text, muted, line, panel, accent, faint, mark, font },
    many: ramp([mixed(panel, accent, 0.22), parsed(accent), mixed(accent, text, 0.85)]),
    chosen: ramp([mixed(panel, mark, 0.25), parsed(mark), mixed(mark, text, 0.7)]),
    others: ramp([mixed(panel, faint, 0.25), mixed(panel, faint, 0.85)]),
  };
}
