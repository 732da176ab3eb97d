// SPDX-License-Identifier: BSD-3-Clause
import { computed, signal } from "@preact/signals-core";
import * as identity from "../api/identity";
import type { Me } from "../wire/identity";

/** Who is signed in at which instance; null until the instance has said. */
export const me = signal<Me | null>(null);

export const user = computed(() => me.value?.user ?? null);

export const instanceName = computed(() => me.value?.instance.name ?? "sciplat");

export async function refresh(): Promise<void> {
  me.value = await identity.me();
}

export async function leave(): Promise<void> {
  await identity.signOut();
  await refresh();
}
