// SPDX-License-Identifier: BSD-3-Clause
import type { Health } from "../wire/health";
import { ConnectionError } from "./http";

/** How the instance is; it answers 503 with the same document while it starts. */
export async function health(signal?: AbortSignal): Promise<Health> {
  try {
    const response = await fetch("/api/health", signal ? { signal } : {});
    return (await response.json()) as Health;
  } catch {
    throw new ConnectionError();
  }
}
