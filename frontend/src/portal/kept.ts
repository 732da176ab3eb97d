// SPDX-License-Identifier: BSD-3-Clause

/** What this browser keeps for its user: never more than taste and the last query. */
export type Key = "theme" | "query" | "maxrec" | "side" | "editor" | "keys" | "plot";

export function kept(key: Key, otherwise: string): string {
  try {
    return localStorage.getItem(`sciplat.${key}`) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function keep(key: Key, value: string): void {
  try {
    localStorage.setItem(`sciplat.${key}`, value);
  } catch {
    // A browser may refuse to keep anything; the page works all the same.
  }
}
