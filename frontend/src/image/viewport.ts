// SPDX-License-Identifier: BSD-3-Clause
import type { Point } from "./wcs";

/** Pixels of the image, from 0 in the middle of the first one; `zoom` is pixels of the screen a pixel. */
export interface Centre {
  x: number;
  y: number;
  zoom: number;
}

export interface Size {
  width: number;
  height: number;
}

/** A rectangle among pixels, from edge to edge: the first pixel reaches from -0.5 to 0.5. */
export interface Span {
  left: number;
  right: number;
  low: number;
  high: number;
}

/** The largest a pixel of an image may be on the screen. */
const LARGEST = 64;
const MARGIN = 0.96;

/** Which part of an image is seen, on a screen whose y goes down; the image's y goes up. */
export class Viewport {
  constructor(
    readonly image: Size,
    readonly screen: Size,
    readonly centre: Centre,
  ) {}

  /** All of the image in the middle of the screen. */
  static fit(image: Size, screen: Size): Viewport {
    const zoom = MARGIN * Math.min(screen.width / image.width, screen.height / image.height);
    return new Viewport(image, screen, { x: (image.width - 1) / 2, y: (image.height - 1) / 2, zoom: Math.min(LARGEST, zoom) });
  }

  at(centre: Centre): Viewport {
    return new Viewport(this.image, this.screen, { ...centre, zoom: this.allowed(centre.zoom) });
  }

  /** The same part in the middle of another screen. */
  on(screen: Size): Viewport {
    return new Viewport(this.image, screen, this.centre);
  }

  toImage(point: Point): Point {
    const { x, y, zoom } = this.centre;
    return { x: x + (point.x - this.screen.width / 2) / zoom, y: y - (point.y - this.screen.height / 2) / zoom };
  }

  toScreen(pixel: Point): Point {
    const { x, y, zoom } = this.centre;
    return { x: this.screen.width / 2 + (pixel.x - x) * zoom, y: this.screen.height / 2 - (pixel.y - y) * zoom };
  }

  /** Moved by so many pixels of the screen, as if the image were pushed. */
  pushed(dx: number, dy: number): Viewport {
    const { x, y, zoom } = this.centre;
    return this.at({ ...this.kept({ x: x - dx / zoom, y: y + dy / zoom }), zoom });
  }

  /** Larger by a factor; what is at a point of the screen stays there. */
  zoomed(factor: number, point: Point = { x: this.screen.width / 2, y: this.screen.height / 2 }): Viewport {
    const zoom = this.allowed(this.centre.zoom * factor);
    const here = this.toImage(point);
    const x = here.x - (point.x - this.screen.width / 2) / zoom;
    const y = here.y + (point.y - this.screen.height / 2) / zoom;
    return new Viewport(this.image, this.screen, { ...this.kept({ x, y }), zoom });
  }

  /** What is seen, also beyond the image. */
  get span(): Span {
    const first = this.toImage({ x: 0, y: this.screen.height });
    const last = this.toImage({ x: this.screen.width, y: 0 });
    return { left: first.x, right: last.x, low: first.y, high: last.y };
  }

  /** What is seen of the image; null where nothing is. */
  get seen(): Span | null {
    const { left, right, low, high } = this.span;
    const cut = {
      left: Math.max(-0.5, left),
      right: Math.min(this.image.width - 0.5, right),
      low: Math.max(-0.5, low),
      high: Math.min(this.image.height - 0.5, high),
    };
    return cut.left < cut.right && cut.low < cut.high ? cut : null;
  }

  /** Whether a place is on a pixel. */
  holds({ x, y }: Point): boolean {
    return x >= -0.5 && y >= -0.5 && x < this.image.width - 0.5 && y < this.image.height - 0.5;
  }

  private allowed(zoom: number): number {
    const fit = Viewport.fit(this.image, this.screen).centre.zoom;
    return Math.max(Math.min(fit, 1) / 4, Math.min(LARGEST, zoom));
  }

  /** The middle of the screen stays on the image, so that nobody gets lost. */
  private kept({ x, y }: Point): Point {
    return {
      x: Math.max(-0.5, Math.min(this.image.width - 0.5, x)),
      y: Math.max(-0.5, Math.min(this.image.height - 0.5, y)),
    };
  }
}
