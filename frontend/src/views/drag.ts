// SPDX-License-Identifier: BSD-3-Clause

/** Follow the pointer until it is let go. */
export function drag(move: (event: PointerEvent) => void, drop: () => void = () => undefined): void {
  const end = () => {
    window.removeEventListener("pointermove", move);
    window.removeEventListener("pointerup", end);
    window.removeEventListener("pointercancel", end);
    drop();
  };
  window.addEventListener("pointermove", move);
  window.addEventListener("pointerup", end);
  window.addEventListener("pointercancel", end);
}
