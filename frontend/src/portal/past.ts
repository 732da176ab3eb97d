// SPDX-License-Identifier: BSD-3-Clause
import { signal } from "@preact/signals-core";
import { isAbort } from "../api/http";
import * as api from "../api/queries";
import type { PastQuery } from "../wire/query";

const PAGE = 50;

/** What the user asked before: a search, and the pages of its answer that were looked at. */
export class Past {
  readonly queries = signal<readonly PastQuery[]>([]);
  readonly search = signal("");
  readonly isReading = signal(false);
  readonly failure = signal<unknown>(null);
  /** Where older ones begin; null where there are none. */
  readonly next = signal<string | null>(null);
  /** Whether the first page of this search has come. */
  readonly isKnown = signal(false);
  private reading: AbortController | null = null;

  /** Read the newest ones anew; with a text, those that have all its words. */
  async read(search = this.search.value): Promise<void> {
    if (search !== this.search.value) this.isKnown.value = false;
    this.search.value = search;
    await this.page(null);
  }

  /** Read the page after the last one. */
  async more(): Promise<void> {
    if (this.next.value !== null && !this.isReading.value) await this.page(this.next.value);
  }

  /** Leave out a query that was deleted. */
  drop(id: string): void {
    this.queries.value = this.queries.value.filter((query) => query.id !== id);
  }

  /** Forget what belongs to somebody who has signed out. */
  forget(): void {
    this.reading?.abort();
    this.queries.value = [];
    this.search.value = "";
    this.next.value = null;
    this.failure.value = null;
    this.isKnown.value = false;
    this.isReading.value = false;
  }

  private async page(before: string | null): Promise<void> {
    this.reading?.abort();
    const reading = (this.reading = new AbortController());
    this.isReading.value = true;
    try {
      const page = await api.queries(this.search.value.trim(), before, PAGE, reading.signal);
      if (reading.signal.aborted) return;
      this.queries.value = before === null ? page.queries : [...this.queries.value, ...page.queries];
      this.next.value = page.next;
      this.failure.value = null;
      this.isKnown.value = true;
    } catch (error) {
      if (reading.signal.aborted || isAbort(error)) return;
      this.failure.value = error;
    } finally {
      if (this.reading === reading) this.isReading.value = false;
    }
  }
}
