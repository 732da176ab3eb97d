// SPDX-License-Identifier: BSD-3-Clause
import type { ImageFacts, Level } from "./facts";
import type { Span, Viewport } from "./viewport";

/** Which tile of an image. */
export interface TileName {
  level: number;
  row: number;
  column: number;
}

export function keyOf({ level, row, column }: TileName): string {
  return `${level}/${row}/${column}`;
}

/** What is drawn where: a part of the image, from a tile that shows it. */
export interface Patch {
  tile: TileName;
  part: Span;
}

/** The tiles of an image's pyramid: which are wanted for a view, and what stands in for one that is not here. */
export class Pyramid {
  constructor(private readonly facts: Pick<ImageFacts, "width" | "height" | "tile" | "levels">) {}

  /** The level whose pixels are about as large as those of the screen, which has `density` pixels a CSS pixel. */
  levelFor(zoom: number, density: number): number {
    return Math.max(0, Math.min(this.last, Math.round(Math.log2(1 / (zoom * density)))));
  }

  /** The level that is one tile. */
  get last(): number {
    return this.facts.levels.length - 1;
  }

  /** The tiles of a level that are seen, those nearest to the middle first. */
  seen(view: Viewport, level: number): TileName[] {
    const facts = this.level(level);
    const { seen } = view;
    if (!facts || !seen) return [];
    const side = this.facts.tile * 2 ** level;
    const first = (edge: number) => Math.max(0, Math.floor((edge + 0.5) / side));
    const end = (edge: number, most: number) => Math.min(most, Math.ceil((edge + 0.5) / side));
    const found: (TileName & { away: number })[] = [];
    for (let row = first(seen.low); row < end(seen.high, facts.rows); row++) {
      for (let column = first(seen.left); column < end(seen.right, facts.columns); column++) {
        const [x, y] = [(column + 0.5) * side - 0.5, (row + 0.5) * side - 0.5];
        found.push({ level, row, column, away: Math.hypot(x - view.centre.x, y - view.centre.y) });
      }
    }
    return found.sort((a, b) => a.away - b.away).map(({ row, column }) => ({ level, row, column }));
  }

  /** The part of the image that a tile shows. */
  part({ level, row, column }: TileName): Span {
    const side = this.facts.tile * 2 ** level;
    return {
      left: column * side - 0.5,
      right: Math.min((column + 1) * side, this.facts.width) - 0.5,
      low: row * side - 0.5,
      high: Math.min((row + 1) * side, this.facts.height) - 0.5,
    };
  }

  /** What to draw for the wanted tiles: themselves, or what is here of them, the coarser first. */
  patches(wanted: readonly TileName[], isHere: (tile: TileName) => boolean): Patch[] {
    const found: Patch[] = [];
    for (const tile of wanted) {
      const part = this.part(tile);
      if (isHere(tile)) {
        found.push({ tile, part });
        continue;
      }
      const above = this.ancestor(tile, isHere);
      if (above) found.push({ tile: above, part });
      for (const below of this.children(tile)) if (isHere(below)) found.push({ tile: below, part: this.part(below) });
    }
    return found;
  }

  private ancestor({ level, row, column }: TileName, isHere: (tile: TileName) => boolean): TileName | null {
    for (let up = 1; level + up <= this.last; up++) {
      const tile = { level: level + up, row: row >> up, column: column >> up };
      if (isHere(tile)) return tile;
    }
    return null;
  }

  private children({ level, row, column }: TileName): TileName[] {
    const facts = this.level(level - 1);
    if (!facts) return [];
    const found: TileName[] = [];
    for (const dy of [0, 1]) {
      for (const dx of [0, 1]) {
        const tile = { level: level - 1, row: 2 * row + dy, column: 2 * column + dx };
        if (tile.row < facts.rows && tile.column < facts.columns) found.push(tile);
      }
    }
    return found;
  }

  private level(level: number): Level | undefined {
    return this.facts.levels[level];
  }
}
