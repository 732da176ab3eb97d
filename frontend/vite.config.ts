// SPDX-License-Identifier: BSD-3-Clause
import { defineConfig } from "vitest/config";

/** The Portal's page is served at `/portal/*`, its files at `/portal/assets/*`. */
export default defineConfig({
  base: "/portal/",
  build: {
    outDir: "../src/sciplat/portal/static",
    emptyOutDir: true,
    target: "es2022",
    // A data: URL for a font or picture would be refused by the content security policy.
    assetsInlineLimit: 0,
    // The notices that the licences of what we build in ask for.
    license: { fileName: "licenses.md" },
    chunkSizeWarningLimit: 700,
    // The polyfill is for browsers older than the ones that we support.
    modulePreload: { polyfill: false },
  },
  // The tests keep nothing in their modules: a process for each file would start for longer than all of them run.
  test: { isolate: false },
});
