// SPDX-License-Identifier: BSD-3-Clause
import { coloursOf, type ColourMap } from "./colours";
import { tileOf, type ImageFacts, type ImageSource, type PixelValue, type Tile } from "./facts";
import { nearestMark, placed, type MarkName, type Marks, type Placed } from "./marks";
import { looksOf, maskColours, planesIn, rgbOf, type MaskLooks } from "./masks";
import type { Drawn, Painter } from "./painter";
import { Pyramid } from "./pyramid";
import { limits, type Cuts, type Stretch } from "./stretch";
import { Tiles } from "./tiles";
import type { Centre, Viewport } from "./viewport";
import { wcsOf, type Point, type Wcs } from "./wcs";

/** How an image is shown. */
export interface Look {
  stretch: Stretch;
  cuts: Cuts;
  colours: ColourMap;
  inverted: boolean;
  masks: MaskLooks;
  highlight: MarkName | null;
}

/** Slate blue, which no map of colours has: pixels without a value. */
const NOTHING = rgbOf("#4d5f78");

/** The pixel in which a place lies. */
export function pixelOf({ x, y }: Point): Point {
  return { x: Math.floor(x + 0.5), y: Math.floor(y + 0.5) };
}

/** An image that is open: what is known of it, its tiles, and the marks on it. Pixels are its own, from 0. */
export class Scene {
  readonly wcs: Wcs;
  readonly tiles: Tiles;
  private readonly pyramid: Pyramid;
  private marks: Placed[] = [];

  /**
   * @param changed is called when there is more to draw, or something could not be had
   * @param dropped is told of tiles that are kept no longer
   * @param bytes that tiles may take
   */
  constructor(
    readonly source: ImageSource,
    readonly facts: ImageFacts,
    changed: () => void,
    dropped: (tile: Tile) => void,
    bytes: number,
  ) {
    this.wcs = wcsOf(facts.wcs);
    this.pyramid = new Pyramid(facts);
    this.tiles = new Tiles(
      async ({ level, row, column }, signal) => tileOf(await source.tile(facts, level, row, column, signal)),
      changed,
      dropped,
      bytes,
    );
  }

  /** A place in the full image as one in this. */
  own({ x, y, zoom }: Centre): Centre {
    return { x: x - this.facts.origin[0], y: y - this.facts.origin[1], zoom };
  }

  /** A place in this image as one in the full image. */
  full({ x, y, zoom }: Centre): Centre {
    return { x: x + this.facts.origin[0], y: y + this.facts.origin[1], zoom };
  }

  place(marks: readonly Marks[]): void {
    this.marks = marks.map((each) => placed(each, this.wcs, this.facts.origin));
  }

  markNear({ x, y }: Point, within: number): MarkName | null {
    return nearestMark(this.marks, x, y, within);
  }

  /** Draw what is here, ask for what is not, and return the tiles that were drawn. */
  draw(painter: Painter, view: Viewport, look: Look): Tile[] {
    const { facts, pyramid, tiles } = this;
    const density = painter.canvas.width / view.screen.width;
    const seen = pyramid.seen(view, pyramid.levelFor(view.centre.zoom, density));
    // The whole image comes first, coarse, and stays to stand in for what is missing.
    tiles.want([{ level: pyramid.last, row: 0, column: 0 }, ...seen]);
    const drawn: Drawn[] = [];
    for (const patch of pyramid.patches(seen, (tile) => tiles.has(tile))) drawn.push({ tile: tiles.get(patch.tile)!, patch });
    const paint = {
      stretch: look.stretch,
      limits: limits(look.cuts, facts.statistics),
      colours: coloursOf(look.colours, look.inverted),
      nothing: NOTHING,
      planes: maskColours(facts.planes, looksOf(facts.planes, look.masks)),
    };
    painter.draw(view, drawn, paint, facts.tile);
    painter.mark(view, this.marks, this.highlighted(look.highlight));
    return [...new Set(drawn.map(({ tile }) => tile))];
  }

  /** A value and its flags, where the tile of single pixels is here. */
  valueHere(point: Point): Pick<PixelValue, "value" | "flags"> | null {
    const { facts, tiles } = this;
    const { x, y } = pixelOf(point);
    const tile = tiles.get({ level: 0, row: Math.floor(y / facts.tile), column: Math.floor(x / facts.tile) });
    if (!tile) return null;
    const index = (y % facts.tile) * tile.width + (x % facts.tile);
    const value = tile.image[index]!;
    return { value: Number.isFinite(value) ? value : null, flags: tile.mask ? planesIn(tile.mask[index]!, facts.planes) : [] };
  }

  /** The exact value of a pixel, from the instance. */
  valueAt(point: Point, signal: AbortSignal): Promise<PixelValue> {
    const { x, y } = pixelOf(point);
    return this.source.value(x, y, signal);
  }

  private highlighted(name: MarkName | null): { x: number; y: number; rgb: [number, number, number] } | null {
    const list = name && this.marks[name.list];
    if (!list) return null;
    const [x, y] = [list.pixels[2 * name.index], list.pixels[2 * name.index + 1]];
    return x !== undefined && y !== undefined && Number.isFinite(x) ? { x, y, rgb: list.rgb } : null;
  }
}
