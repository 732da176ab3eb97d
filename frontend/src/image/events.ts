// SPDX-License-Identifier: BSD-3-Clause
import type { ImageFacts, PixelValue, Tile } from "./facts";
import type { MarkName } from "./marks";
import type { MaskLook } from "./masks";
import type { Cuts, Stretch } from "./stretch";
import type { Centre } from "./viewport";

/** A change of how an image looks; what is not said stays. */
export interface RenderChange {
  stretch?: Stretch;
  cuts?: Cuts;
  colours?: string;
  inverted?: boolean;
  /** In pixels of the full image. */
  centre?: Centre;
}

/** A change of how a plane of the mask looks. */
export interface MaskChange extends Partial<MaskLook> {
  plane: string;
}

/** Somebody pointed at a place of an image. */
export interface PointedAt extends PixelValue {
  /** The mark that is there. */
  mark: MarkName | null;
}

/** What an image's elements tell, by the name of the event: its `detail`. */
export interface ImageEvents {
  "sp-image-facts": ImageFacts;
  "sp-image-render": RenderChange;
  "sp-image-mask": MaskChange;
  "sp-image-point": PointedAt;
  "sp-image-mark": MarkName;
  /** Tiles of what is seen, whenever other ones are. */
  "sp-image-seen": readonly Tile[];
}

/** Tell whoever listens. */
export function tellImage<Name extends keyof ImageEvents>(target: EventTarget, name: Name, detail: ImageEvents[Name]): void {
  target.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
}
