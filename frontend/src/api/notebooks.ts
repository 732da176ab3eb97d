// SPDX-License-Identifier: BSD-3-Clause
import type { Notebooks } from "../wire/notebooks";
import { sendJson } from "./http";

/** Whether there are notebooks, where, and for whom. */
export const notebooks = (signal?: AbortSignal) => sendJson<Notebooks>("/api/notebooks", "GET", undefined, signal);
