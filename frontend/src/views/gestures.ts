// SPDX-License-Identifier: BSD-3-Clause
import type { Point } from "../image/wcs";

/** What hands do on a picture; points are pixels from its upper left corner. */
export interface Gestures {
  /** Pushed by so many pixels. */
  push(dx: number, dy: number): void;
  /** Larger by a factor about a point. */
  zoom(factor: number, point: Point): void;
  click(point: Point): void;
  doubleClick(point: Point, isBack: boolean): void;
  /** Where the pointer is; null when it has left. */
  hover(point: Point | null): void;
}

/** A pointer that moved less has not dragged. */
const SLACK = 4;

/** Follow mouse, pen, fingers and wheel on an element. */
export function watchGestures(target: HTMLElement, told: Gestures): void {
  const pointers = new Map<number, Point>();
  let travelled = 0;

  const at = (event: MouseEvent): Point => {
    const box = target.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const spread = (): { middle: Point; size: number } => {
    const [a, b] = [...pointers.values()] as [Point, Point];
    return { middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }, size: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)) };
  };

  target.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || pointers.size === 2) return;
    if (pointers.size === 0) travelled = 0;
    pointers.set(event.pointerId, at(event));
    target.setPointerCapture(event.pointerId);
  });
  target.addEventListener("pointermove", (event) => {
    const here = at(event);
    const last = pointers.get(event.pointerId);
    if (last && pointers.size === 1) {
      travelled += Math.hypot(here.x - last.x, here.y - last.y);
      if (travelled >= SLACK) told.push(here.x - last.x, here.y - last.y);
      pointers.set(event.pointerId, here);
    } else if (last) {
      const before = spread();
      pointers.set(event.pointerId, here);
      const now = spread();
      travelled = Infinity;
      told.push(now.middle.x - before.middle.x, now.middle.y - before.middle.y);
      told.zoom(now.size / before.size, now.middle);
    }
    told.hover(here);
  });
  const release = (event: PointerEvent): void => {
    const isClick = pointers.delete(event.pointerId) && pointers.size === 0 && travelled < SLACK && event.type === "pointerup";
    if (isClick) told.click(at(event));
    if (event.pointerType !== "mouse") told.hover(isClick ? at(event) : null);
  };
  target.addEventListener("pointerup", release);
  target.addEventListener("pointercancel", release);
  target.addEventListener("pointerleave", () => told.hover(null));
  target.addEventListener("dblclick", (event) => told.doubleClick(at(event), event.shiftKey));
  target.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const notches = event.deltaY * (event.deltaMode === 1 ? 33 : event.deltaMode === 2 ? 400 : 1);
      // A pinch on a trackpad comes as a wheel with Ctrl, in small steps.
      told.zoom(2 ** (-notches / (event.ctrlKey ? 60 : 240)), at(event));
    },
    { passive: false },
  );
}
