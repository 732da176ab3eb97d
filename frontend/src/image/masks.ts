// SPDX-License-Identifier: BSD-3-Clause
import type { Plane } from "./facts";

/** How a plane of the mask is shown. */
export interface MaskLook {
  visible: boolean;
  /** `#rrggbb`. */
  colour: string;
  /** 0 to 1. */
  opacity: number;
}

export type MaskLooks = Readonly<Record<string, MaskLook>>;

/** By the planes that our pipelines and Rubin's set; others take turns. */
const USUAL: Record<string, string> = {
  BAD: "#e5484d",
  SAT: "#30c05f",
  INTRP: "#1fb6a6",
  CR: "#e93d9e",
  EDGE: "#f0b429",
  DETECTED: "#3e8ef7",
  DETECTED_NEGATIVE: "#17c3e6",
  SUSPECT: "#c9b82a",
  NO_DATA: "#f76b15",
  CLIPPED: "#9a6ff0",
};
const OTHERS = ["#e5484d", "#3e8ef7", "#f0b429", "#30c05f", "#e93d9e", "#17c3e6", "#f76b15", "#9a6ff0"];

/** How the planes of an image are shown where nobody has said otherwise: hidden, each in a colour of its own. */
export function looksOf(planes: readonly Plane[], said: MaskLooks = {}): Record<string, MaskLook> {
  return Object.fromEntries(
    planes.map(({ name, bit }) => [
      name,
      said[name] ?? { visible: false, colour: USUAL[name] ?? OTHERS[bit % OTHERS.length]!, opacity: 0.5 },
    ]),
  );
}

/** Red, green, blue and opacity of each of 32 bits, 0 to 1; hidden planes have none. */
export function maskColours(planes: readonly Plane[], looks: MaskLooks): Float32Array {
  const found = new Float32Array(4 * 32);
  for (const { name, bit } of planes) {
    const look = looks[name];
    if (!look?.visible || bit < 0 || bit > 31) continue;
    found.set([...rgbOf(look.colour), look.opacity], 4 * bit);
  }
  return found;
}

/** `#rrggbb` as three numbers, 0 to 1. */
export function rgbOf(colour: string): [number, number, number] {
  const value = parseInt(colour.slice(1), 16);
  return [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}

/** The names of the planes that are set in the bits of a pixel. */
export function planesIn(bits: number, planes: readonly Plane[]): string[] {
  return planes.filter(({ bit }) => (bits >>> bit) & 1).map(({ name }) => name);
}
