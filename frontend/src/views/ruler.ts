// SPDX-License-Identifier: BSD-3-Clause
const ruler = document.createElement("canvas").getContext("2d")!;

/** How wide a text is in pixels, in a font as CSS writes it. */
export function textWidth(font: string, text: string): number {
  ruler.font = font;
  // Figures are all as wide as a zero, which some fonts only do when asked.
  return ruler.measureText(text.replace(/\d/g, "0")).width;
}
