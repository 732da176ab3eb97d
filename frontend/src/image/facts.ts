// SPDX-License-Identifier: BSD-3-Clause

/** One step of an image's pyramid: what `/api/images/…/tiles` tells of it. */
export interface Level {
  level: number;
  width: number;
  height: number;
  columns: number;
  rows: number;
}

export interface Plane {
  name: string;
  bit: number;
  meaning: string | null;
}

/** Of up to 16 tiles spread over the image, in its unit. */
export interface Statistics {
  pixels: number;
  least: number;
  greatest: number;
  median: number;
  sigma: number;
  /** By per cent, such as `"99.5"`. */
  percentiles: Record<string, number>;
  zscale: [number, number];
}

/** World coordinates, as cards of a header or as directions at the nodes of a grid. */
export type WcsFacts =
  | { kind: "cards"; cards: Record<string, string | number | boolean> }
  | {
      kind: "grid";
      first: [number, number];
      step: [number, number];
      error: number;
      vectors: ([number, number, number] | null)[][];
    };

/** What an image is like. */
export interface ImageFacts {
  id: string;
  release: string;
  dataset_type: string;
  data_id: Record<string, string>;
  fingerprint: string;
  width: number;
  height: number;
  /** Where the first pixel lies in the full image, if this is a part of one. */
  origin: [number, number];
  unit: string | null;
  /** Pixels of a tile along each axis. */
  tile: number;
  /** The address of tiles, with `{level}`, `{row}` and `{column}` to be filled in. */
  tiles: string;
  levels: Level[];
  planes: Plane[];
  statistics: Statistics | null;
  wcs: WcsFacts;
}

/** What is known of one pixel; null is what is not a number. */
export interface PixelValue {
  x: number;
  y: number;
  full_x: number;
  full_y: number;
  ra: number | null;
  dec: number | null;
  value: number | null;
  variance: number | null;
  unit: string | null;
  flags: string[];
}

/** Where an image is read from: the instance, by whatever means the page has. */
export interface ImageSource {
  facts(signal: AbortSignal): Promise<ImageFacts>;
  tile(facts: ImageFacts, level: number, row: number, column: number, signal: AbortSignal): Promise<ArrayBuffer>;
  /** Of a pixel, counted from 0 at the image's first. */
  value(x: number, y: number, signal: AbortSignal): Promise<PixelValue>;
  /** The address of a picture of the whole, for browsers that cannot draw; null where there is none. */
  picture: string | null;
}

/** Sends a request and returns its answer if it is a good one; raises an error with a sentence for people if not. */
export type Send = (address: string, init: RequestInit) => Promise<Response>;

/** An image at `/api/images/RELEASE/ID` of an instance. */
export function httpSource(base: string, send: Send): ImageSource {
  const json = async <T>(address: string, signal: AbortSignal): Promise<T> => {
    const response = await send(address, { signal, headers: { Accept: "application/json" } });
    return (await response.json()) as T;
  };
  return {
    facts: (signal) => json<ImageFacts>(`${base}/tiles`, signal),
    tile: async (facts, level, row, column, signal) => {
      const address = facts.tiles.replace("{level}", String(level)).replace("{row}", String(row)).replace("{column}", String(column));
      // One request brings the mask too, so that showing a plane fetches nothing.
      const mask = facts.planes.length > 0 ? `${address.includes("?") ? "&" : "?"}mask=1` : "";
      return (await send(address + mask, { signal })).arrayBuffer();
    },
    value: (x, y, signal) => json<PixelValue>(`${base}/value?x=${x}&y=${y}`, signal),
    picture: `${base}/preview?size=1024&format=png`,
  };
}

/** The pixels of one tile, the lowest row first. */
export interface Tile {
  level: number;
  width: number;
  height: number;
  image: Float32Array;
  /** The bits of the mask, where there is one. */
  mask: Int32Array | null;
}

const HEADER = 16;
const MAGIC = 0x31545053; // "SPT1", little-endian

/** Read a tile as the instance sends it. Raises where the bytes are none. */
export function tileOf(buffer: ArrayBuffer): Tile {
  const view = new DataView(buffer);
  if (buffer.byteLength < HEADER || view.getUint32(0, true) !== MAGIC) throw new Error("The instance sent something that is no tile");
  const [width, height] = [view.getUint16(4, true), view.getUint16(6, true)];
  const hasMask = view.getUint8(9) === 1;
  const count = width * height;
  if (buffer.byteLength !== HEADER + 4 * count * (hasMask ? 2 : 1)) throw new Error("The instance sent a part of a tile");
  return {
    level: view.getUint8(8),
    width,
    height,
    image: new Float32Array(buffer, HEADER, count),
    mask: hasMask ? new Int32Array(buffer, HEADER + 4 * count, count) : null,
  };
}
