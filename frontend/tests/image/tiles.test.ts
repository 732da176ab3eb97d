// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it, vi } from "vitest";
import { tileOf, type Tile } from "../../src/image/facts";
import { keyOf, type TileName } from "../../src/image/pyramid";
import { Tiles } from "../../src/image/tiles";

const name = (column: number): TileName => ({ level: 0, row: 0, column });
/** Of 1000 bytes, counted twice: here and as a texture. */
const tile = (): Tile => ({ level: 0, width: 25, height: 10, image: new Float32Array(250), mask: null });
const settled = () => new Promise((resolve) => setTimeout(resolve));

/** A server that answers when it is told to. */
function server() {
  const asked: string[] = [];
  const stopped: string[] = [];
  const answers = new Map<string, { give: () => void; refuse: () => void }>();
  const fetch = (which: TileName, signal: AbortSignal) =>
    new Promise<Tile>((resolve, reject) => {
      const key = keyOf(which);
      asked.push(key);
      answers.set(key, { give: () => resolve(tile()), refuse: () => reject(new Error("no")) });
      signal.addEventListener("abort", () => {
        stopped.push(key);
        reject(new DOMException("stopped", "AbortError"));
      });
    });
  return { asked, stopped, fetch, give: (column: number) => answers.get(keyOf(name(column)))!.give(), refuse: (column: number) => answers.get(keyOf(name(column)))!.refuse() };
}

describe("tiles", () => {
  it("come in the order in which they are wanted, a few at a time", async () => {
    const { asked, fetch, give } = server();
    const tiles = new Tiles(fetch, () => undefined, undefined, 1e6, 2);
    tiles.want([name(3), name(1), name(2)]);
    expect(asked).toEqual(["0/0/3", "0/0/1"]);
    give(3);
    await settled();
    expect(asked).toEqual(["0/0/3", "0/0/1", "0/0/2"]);
    expect([tiles.has(name(3)), tiles.missing]).toEqual([true, 2]);
  });

  it("are not fetched to the end when nobody looks at them any more", async () => {
    const { asked, stopped, fetch } = server();
    const changed = vi.fn();
    const tiles = new Tiles(fetch, changed, undefined, 1e6, 1);
    tiles.want([name(1)]);
    tiles.want([name(2)]);
    await settled();
    expect(stopped).toEqual(["0/0/1"]);
    expect(asked).toEqual(["0/0/1", "0/0/2"]);
    expect(tiles.failed).toEqual([]);
    expect(changed).not.toHaveBeenCalled();
  });

  it("go when there is no room, those used longest ago first, never those that are looked at", async () => {
    const { fetch, give } = server();
    const dropped: Tile[] = [];
    const tiles = new Tiles(fetch, () => undefined, (each) => dropped.push(each), 4000, 9);
    const load = async (column: number, wanted: number[]) => {
      tiles.want(wanted.map(name));
      give(column);
      await settled();
    };
    await load(1, [1]);
    await load(2, [2]);
    tiles.get(name(1));
    await load(3, [3]);
    expect([tiles.has(name(1)), tiles.has(name(2)), tiles.has(name(3))]).toEqual([true, false, true]);
    expect(dropped).toHaveLength(1);
    await load(4, [1, 3, 4]);
    expect(tiles.size).toBe(6000);
    expect(tiles.missing).toBe(0);
  });

  it("that could not be had are asked for again when somebody says so", async () => {
    const { asked, fetch, give, refuse } = server();
    const changed = vi.fn();
    const tiles = new Tiles(fetch, changed);
    tiles.want([name(1)]);
    refuse(1);
    await settled();
    expect(tiles.failed).toEqual([new Error("no")]);
    expect(tiles.missing).toBe(0);
    tiles.want([name(1)]);
    expect(asked).toHaveLength(1);
    tiles.retry();
    give(1);
    await settled();
    expect([tiles.failed.length, tiles.has(name(1)), changed.mock.calls.length]).toEqual([0, true, 2]);
  });

  it("are given back when the image is closed", async () => {
    const { fetch, give, stopped } = server();
    const dropped: Tile[] = [];
    const tiles = new Tiles(fetch, () => undefined, (each) => dropped.push(each));
    tiles.want([name(1), name(2)]);
    give(1);
    await settled();
    tiles.close();
    expect([dropped.length, stopped, tiles.size]).toEqual([1, ["0/0/2"], 0]);
  });
});

describe("the bytes of a tile", () => {
  const bytes = (hasMask: boolean) => {
    const buffer = new ArrayBuffer(16 + 4 * 6 * (hasMask ? 2 : 1));
    const view = new DataView(buffer);
    [0x53, 0x50, 0x54, 0x31].forEach((each, at) => view.setUint8(at, each));
    view.setUint16(4, 3, true);
    view.setUint16(6, 2, true);
    view.setUint8(8, 4);
    view.setUint8(9, hasMask ? 1 : 0);
    view.setFloat32(16, 1.5, true);
    if (hasMask) view.setInt32(16 + 24, -5, true);
    return buffer;
  };

  it("are an image, and a mask where there is one", () => {
    const { level, width, height, image, mask } = tileOf(bytes(true));
    expect([level, width, height, image[0], image.length, mask![0]]).toEqual([4, 3, 2, 1.5, 6, -5]);
    expect(tileOf(bytes(false)).mask).toBeNull();
  });

  it("are refused where they are something else", () => {
    expect(() => tileOf(new TextEncoder().encode("<html>a page</html>").buffer)).toThrow(/no tile/);
    expect(() => tileOf(new ArrayBuffer(3))).toThrow(/no tile/);
    expect(() => tileOf(bytes(true).slice(0, 40))).toThrow(/part of a tile/);
  });
});
