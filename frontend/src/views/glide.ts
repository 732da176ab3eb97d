// SPDX-License-Identifier: BSD-3-Clause
import type { Viewport } from "../image/viewport";

const MS = 160;

/** Moves from one view to another in small steps, so that eyes can follow; at once for who wants less motion. */
export class Glide {
  private frame = 0;

  constructor(private readonly moved: (view: Viewport) => void) {}

  from(start: Viewport, end: Viewport): void {
    this.stop();
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.moved(end);
      return;
    }
    const began = performance.now();
    const step = () => {
      const t = Math.min(1, (performance.now() - began) / MS);
      this.moved(t === 1 ? end : between(start, end, t * (2 - t)));
      this.frame = t === 1 ? 0 : requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }
}

/** A view between two; what stays in its place on the screen does so all the way. */
function between(a: Viewport, b: Viewport, t: number): Viewport {
  const zoom = a.centre.zoom * (b.centre.zoom / a.centre.zoom) ** t;
  const [from, to, now] = [1 / a.centre.zoom, 1 / b.centre.zoom, 1 / zoom];
  const share = Math.abs(to - from) < 1e-9 * from ? t : (now - from) / (to - from);
  return b.at({
    x: a.centre.x + share * (b.centre.x - a.centre.x),
    y: a.centre.y + share * (b.centre.y - a.centre.y),
    zoom,
  });
}
