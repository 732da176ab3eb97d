// SPDX-License-Identifier: BSD-3-Clause
import type { Page } from "./arrow";

/** Reads some rows of a result. */
export type Fetch = (offset: number, limit: number, signal: AbortSignal) => Promise<Page>;

/** Pages of a result that were read, the latest used kept; what nobody looks at is not fetched to the end. */
export class Pages {
  private readonly kept = new Map<number, Page>();
  private readonly coming = new Map<number, { stop: AbortController; done: Promise<Page> }>();

  constructor(
    private readonly fetch: Fetch,
    readonly rows: number,
    readonly pageRows = 200,
    private readonly most = 50,
  ) {}

  /** The page that holds a row, if it is here. */
  holding(row: number): Page | undefined {
    const number = Math.floor(row / this.pageRows);
    const page = this.kept.get(number);
    if (page) {
      // A Map keeps insertion order: the first is the one used longest ago.
      this.kept.delete(number);
      this.kept.set(number, page);
    }
    return page;
  }

  /** A value if its page is here; undefined if it is not. */
  value(row: number, column: number): unknown {
    const page = this.holding(row);
    return page && row - page.offset < page.rows ? page.value(row - page.offset, column) : undefined;
  }

  /** Fetch what is missing of some rows, and stop fetching what is far from them. */
  async want(first: number, end: number): Promise<void> {
    const [low, high] = this.numbers(first, end);
    for (const [number, fetch] of this.coming) {
      if (number < low - 1 || number > high + 1) fetch.stop.abort();
    }
    const missing = [];
    for (let number = low; number <= high; number++) if (!this.kept.has(number)) missing.push(this.load(number));
    await Promise.all(missing);
  }

  /** Read rows one page after the other, for copying. */
  async *read(first: number, end: number): AsyncGenerator<Page> {
    const [low, high] = this.numbers(first, end);
    for (let number = low; number <= high; number++) yield this.kept.get(number) ?? (await this.load(number));
  }

  /** Stop everything that is under way. */
  close(): void {
    for (const { stop } of this.coming.values()) stop.abort();
  }

  private numbers(first: number, end: number): [number, number] {
    return [Math.floor(first / this.pageRows), Math.floor(Math.max(first, Math.min(end, this.rows) - 1) / this.pageRows)];
  }

  private load(number: number): Promise<Page> {
    const under = this.coming.get(number);
    if (under && !under.stop.signal.aborted) return under.done;
    const stop = new AbortController();
    const done = this.fetch(number * this.pageRows, this.pageRows, stop.signal)
      .then((page) => {
        this.kept.set(number, page);
        for (const oldest of this.kept.keys()) {
          if (this.kept.size <= this.most) break;
          this.kept.delete(oldest);
        }
        return page;
      })
      .finally(() => {
        if (this.coming.get(number)?.stop === stop) this.coming.delete(number);
      });
    this.coming.set(number, { stop, done });
    return done;
  }
}
