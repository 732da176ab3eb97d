// SPDX-License-Identifier: BSD-3-Clause

/** `GET /api/health`; `components.demo` is `absent`, `making` or `ready`. */
export interface Health {
  status: "starting" | "ready" | "degraded";
  components: Record<string, string>;
}
