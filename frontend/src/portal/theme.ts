// SPDX-License-Identifier: BSD-3-Clause
import { effect, signal } from "@preact/signals-core";
import { kept } from "./kept";

export type Theme = "system" | "light" | "dark";

export const THEMES: readonly Theme[] = ["system", "light", "dark"];

export const theme = signal<Theme>(kept("theme", "system") as Theme);

effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
});
