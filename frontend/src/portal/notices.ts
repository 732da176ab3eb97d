// SPDX-License-Identifier: BSD-3-Clause
import { signal } from "@preact/signals-core";

/** One sentence at the foot of the page, read aloud, gone after a while. */
export const notice = signal("");

let timer = 0;

export function tell(text: string): void {
  notice.value = text;
  clearTimeout(timer);
  timer = window.setTimeout(() => (notice.value = ""), 5000);
}
