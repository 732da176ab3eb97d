// SPDX-License-Identifier: BSD-3-Clause
import type { Tile } from "./facts";
import { keyOf, type TileName } from "./pyramid";

export type FetchTile = (tile: TileName, signal: AbortSignal) => Promise<Tile>;

interface Failure {
  tile: TileName;
  error: unknown;
}

/**
 * Tiles that were fetched: the latest used are kept as far as a limit of bytes goes, what nobody looks at any
 * more is not fetched to the end, and a few come at a time in the order in which they are wanted.
 */
export class Tiles {
  private readonly kept = new Map<string, Tile>();
  private readonly coming = new Map<string, AbortController>();
  private readonly failures = new Map<string, Failure>();
  private wanted: readonly TileName[] = [];
  private bytes = 0;
  private isClosed = false;

  /**
   * @param fetch reads a tile
   * @param changed is called when a tile has come, or could not be had
   * @param dropped is told of each tile that is kept no longer
   * @param most bytes that are kept; what is wanted now is kept in any case
   * @param together how many are fetched at once
   */
  constructor(
    private readonly fetch: FetchTile,
    private readonly changed: () => void,
    private readonly dropped: (tile: Tile) => void = () => undefined,
    private readonly most = 256 * 2 ** 20,
    private readonly together = 6,
  ) {}

  /** A tile if it is here; it then counts as used. */
  get(name: TileName): Tile | undefined {
    const key = keyOf(name);
    const tile = this.kept.get(key);
    if (tile) {
      // A Map keeps insertion order: the first is the one used longest ago.
      this.kept.delete(key);
      this.kept.set(key, tile);
    }
    return tile;
  }

  has(name: TileName): boolean {
    return this.kept.has(keyOf(name));
  }

  /** Say which tiles are looked at, the most urgent first. */
  want(tiles: readonly TileName[]): void {
    this.wanted = tiles;
    const keys = new Set(tiles.map(keyOf));
    for (const [key, stop] of this.coming) if (!keys.has(key)) stop.abort();
    for (const key of this.failures.keys()) if (!keys.has(key)) this.failures.delete(key);
    this.next();
  }

  /** Of the wanted tiles, how many are on the way or waiting. */
  get missing(): number {
    return this.wanted.filter((tile) => !this.has(tile) && !this.failures.has(keyOf(tile))).length;
  }

  /** Why wanted tiles could not be had. */
  get failed(): readonly unknown[] {
    return [...this.failures.values()].map(({ error }) => error);
  }

  /** Ask again for what could not be had. */
  retry(): void {
    this.failures.clear();
    this.next();
  }

  /** All bytes that are kept. */
  get size(): number {
    return this.bytes;
  }

  /** Stop everything that is under way, and keep nothing. */
  close(): void {
    this.isClosed = true;
    for (const stop of this.coming.values()) stop.abort();
    for (const tile of this.kept.values()) this.dropped(tile);
    this.kept.clear();
    this.bytes = 0;
  }

  private next(): void {
    for (const tile of this.wanted) {
      if (this.isClosed || this.coming.size >= this.together) return;
      const key = keyOf(tile);
      if (!this.kept.has(key) && !this.coming.has(key) && !this.failures.has(key)) void this.load(tile, key);
    }
  }

  private async load(name: TileName, key: string): Promise<void> {
    const stop = new AbortController();
    this.coming.set(key, stop);
    try {
      const tile = await this.fetch(name, stop.signal);
      if (this.isClosed) return;
      this.kept.set(key, tile);
      this.bytes += weight(tile);
      this.shed();
    } catch (error) {
      if (!stop.signal.aborted) this.failures.set(key, { tile: name, error });
    } finally {
      this.coming.delete(key);
    }
    if (this.isClosed) return;
    this.next();
    if (!stop.signal.aborted) this.changed();
  }

  private shed(): void {
    const needed = new Set(this.wanted.map(keyOf));
    for (const [key, tile] of this.kept) {
      if (this.bytes <= this.most) return;
      if (needed.has(key)) continue;
      this.kept.delete(key);
      this.bytes -= weight(tile);
      this.dropped(tile);
    }
  }
}

/** What a tile takes, here and as a texture. */
function weight({ image, mask }: Tile): number {
  return 2 * (image.byteLength + (mask?.byteLength ?? 0));
}
