// SPDX-License-Identifier: BSD-3-Clause
import type { PixelValue } from "./facts";
import { pixelOf, type Scene } from "./scene";
import type { Position } from "./sphere";
import type { Viewport } from "./viewport";
import type { Point } from "./wcs";

/** What is known of the pixel that is pointed at. */
export interface Reading {
  /** Of the full image. */
  x: number;
  y: number;
  sky: Position | null;
  /** Null while it is being read. */
  value: Pick<PixelValue, "value" | "flags"> | null;
  isInside: boolean;
}

const REST_MS = 150;

/** Reads the value under a pointer: from the tiles that are here, else from the instance once the pointer rests. */
export class Probe {
  private exact: PixelValue | null = null;
  private timer = 0;
  private asking = new AbortController();

  /** @param rested is called when the pointer rests, and all that can be known is */
  constructor(private readonly rested: () => void) {}

  /** Somebody points elsewhere, or what is under the pointer has changed. */
  moved(where: () => { scene: Scene; view: Viewport; point: Point } | null): void {
    this.forget();
    this.timer = window.setTimeout(() => void this.ask(where()), REST_MS);
  }

  forget(): void {
    clearTimeout(this.timer);
    this.asking.abort();
    this.exact = null;
  }

  reading(scene: Scene, view: Viewport, point: Point): Reading {
    const isInside = view.holds(point);
    const own = pixelOf(point);
    const full = scene.full({ ...own, zoom: 1 });
    const exact = this.exact?.x === own.x && this.exact.y === own.y ? this.exact : null;
    return {
      x: full.x,
      y: full.y,
      sky: scene.wcs.toSky(point.x, point.y),
      value: isInside ? (scene.valueHere(point) ?? exact) : null,
      isInside,
    };
  }

  private async ask(at: { scene: Scene; view: Viewport; point: Point } | null): Promise<void> {
    if (at && at.view.holds(at.point) && !at.scene.valueHere(at.point)) {
      const asking = (this.asking = new AbortController());
      const found = await at.scene.valueAt(at.point, asking.signal).catch(() => null);
      if (asking.signal.aborted) return;
      this.exact = found;
    }
    this.rested();
  }
}
