// SPDX-License-Identifier: BSD-3-Clause

/** `GET /api/notebooks`. */
export interface Notebooks {
  /** Of the hub that starts them. */
  state: "up" | "starting" | "down" | "off";
  /** Their own origin; null where none are started. */
  url: string | null;
  /** Why whoever asks may not start any; null for who may. */
  why_not: string | null;
}
