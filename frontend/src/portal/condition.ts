// SPDX-License-Identifier: BSD-3-Clause
import { signal } from "@preact/signals-core";
import { contact } from "../api/http";
import { health } from "../api/health";
import { delay } from "../api/jobs";
import type { Health } from "../wire/health";

/** What the banner says of the instance: nothing while all is well. */
export type Condition = "well" | "away" | "starting" | "rest" | "making";

export const condition = signal<Condition>("well");

let isWatching = false;

/** Ask how the instance is until all is well; `ready` is called when the demo's data has come. */
export async function watch(ready: () => void): Promise<void> {
  if (isWatching) return;
  isWatching = true;
  let pause = 2000;
  for (;;) {
    try {
      const { status, components } = await health();
      const was = condition.value;
      condition.value = conditionOf(status, components);
      if (was !== "well" && condition.value === "well") ready();
      // While the tables come one by one, those that are there can be used.
      if (was === "starting" && condition.value !== "starting") ready();
      if (condition.value === "well") break;
      pause = 2000;
    } catch {
      condition.value = "away";
      pause = Math.min(pause * 1.5, 15_000);
    }
    await delay(pause);
  }
  isWatching = false;
}

/** What a person needs to know of an instance; tables can be used before images and jobs can. */
export function conditionOf(status: Health["status"], components: Health["components"]): Condition {
  if (status !== "starting") return components["demo"] === "making" ? "making" : "well";
  return components["web"] === "up" && components["views"] === "up" ? "rest" : "starting";
}

/** Begin to watch whenever a request finds nobody there. */
export function listen(ready: () => void): void {
  contact.addEventListener("lost", () => {
    condition.value = "away";
    void watch(ready);
  });
}
