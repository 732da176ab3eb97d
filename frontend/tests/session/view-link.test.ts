// SPDX-License-Identifier: BSD-3-Clause
import { beforeEach, describe, expect, it } from "vitest";
import { applied, Refusal, type Socket, type Surroundings, ViewLink } from "../../src/session/view-link";
import type { ClientMessage, EntryResponse, Operation, ServerMessage, Showing, ViewState } from "../../src/wire/view";

const EMPTY: ViewState = { title: "", layout: {}, entities: {} };
const BEGINNING = { role: "editor", owner: "ada", you: "bob" } as const;

/** The other end of a connection, by hand. */
class Line implements Socket {
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly said: ClientMessage[] = [];
  closed: number | undefined;

  send(text: string): void {
    this.said.push(JSON.parse(text) as ClientMessage);
  }

  close(code?: number): void {
    this.closed = code;
  }

  tell(message: ServerMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  break(code = 1006, reason = ""): void {
    this.onclose?.({ code, reason });
  }

  get done(): string[] {
    return this.said.flatMap((message) => (message.type === "do" ? [message.id] : []));
  }
}

class World implements Surroundings {
  readonly lines: Line[] = [];
  readonly waits: number[] = [];
  private timers: (() => void)[] = [];
  private seed = 1;

  open(): Socket {
    const line = new Line();
    this.lines.push(line);
    return line;
  }

  after(milliseconds: number, call: () => void): () => void {
    this.waits.push(milliseconds);
    this.timers.push(call);
    return () => (this.timers = this.timers.filter((each) => each !== call));
  }

  random(): number {
    this.seed = (this.seed * 48271) % 2147483647;
    return this.seed / 2147483647;
  }

  /** All timers that run now come to their end. */
  later(): void {
    const due = this.timers;
    this.timers = [];
    for (const call of due) call();
  }

  get line(): Line {
    return this.lines.at(-1)!;
  }
}

function entry(revision: number, patch: EntryResponse["patch"], id = `n${revision}`, actor = "ada"): EntryResponse {
  const operation: Operation = { op: "undo" };
  return { revision, id, actor, moment: "2026-11-22T00:00:00Z", operation, patch, of: null };
}

const titled = (revision: number, title: string) => entry(revision, [{ path: ["title"], value: title }]);

describe("a link to a view", () => {
  let world: World;
  let link: ViewLink;

  beforeEach(() => {
    world = new World();
    link = new ViewLink("ws://here/api/views/v/socket", world);
    world.line.onopen?.();
  });

  const begin = (revision = 3, state: ViewState = EMPTY) =>
    world.line.tell({ type: "state", revision, state, ...BEGINNING });

  it("says hello, and knows the view then", () => {
    expect(world.line.said).toEqual([{ type: "hello" }]);
    expect([link.status.value, link.state.value]).toEqual(["connecting", null]);
    begin();
    expect([link.status.value, link.revision.value, link.state.value]).toEqual(["open", 3, EMPTY]);
    expect([link.role.value, link.owner.value, link.you.value]).toEqual(["editor", "ada", "bob"]);
  });

  it("applies operations in their order, and none twice", () => {
    begin();
    world.line.tell({ type: "operation", entry: titled(4, "a") });
    world.line.tell({ type: "operation", entry: titled(4, "again") });
    world.line.tell({ type: "operation", entry: titled(6, "gap") });
    world.line.tell({ type: "operation", entry: titled(5, "b") });
    expect([link.revision.value, link.state.value?.title]).toEqual([5, "b"]);
  });

  it("tells how an operation went", async () => {
    begin();
    const kept = link.do({ op: "view.rename", title: "x" });
    const refused = link.do({ op: "redo" });
    expect(link.pending.value).toEqual([{ op: "view.rename", title: "x" }, { op: "redo" }]);
    const [first, second] = world.line.done;
    world.line.tell({ type: "done", id: first!, revision: 4 });
    world.line.tell({ type: "refused", id: second!, error: { code: "conflict", message: "Nothing." } });
    expect(await kept).toBe(4);
    await expect(refused).rejects.toEqual(new Refusal("conflict", "Nothing."));
    expect(link.pending.value).toEqual([]);
  });

  it("comes again with what it knows, and sends again what was not answered", async () => {
    begin();
    const first = link.do({ op: "view.rename", title: "x" });
    const second = link.do({ op: "view.rename", title: "y" });
    const [one, two] = world.line.done;
    world.line.tell({ type: "done", id: one!, revision: 4 });
    await first;
    world.line.break();
    expect(link.status.value).toBe("away");
    const third = link.do({ op: "redo" });
    world.later();
    world.line.onopen?.();
    expect(world.line.said).toEqual([{ type: "hello", revision: 3 }]);
    world.line.tell({ type: "tail", revision: 5, entries: [titled(4, "x"), titled(5, "y")], ...BEGINNING });
    expect(link.state.value?.title).toBe("y");
    expect(world.line.done.slice(0, 1)).toEqual([two]);
    expect(world.line.done).toHaveLength(2);
    world.line.tell({ type: "done", id: two!, revision: 5 });
    world.line.tell({ type: "done", id: world.line.done[1]!, revision: 6 });
    expect([await second, await third]).toEqual([5, 6]);
  });

  it("waits longer each time, and begins anew once it was open", () => {
    for (let number = 0; number < 10; number++) {
      world.line.break();
      world.later();
    }
    for (const [number, wait] of world.waits.entries()) {
      const most = Math.min(10_000, 250 * 2 ** number);
      expect(wait).toBeGreaterThanOrEqual(most / 2);
      expect(wait).toBeLessThanOrEqual(most);
    }
    world.line.onopen?.();
    begin();
    world.line.break();
    expect(world.waits.at(-1)).toBeLessThanOrEqual(250);
  });

  it.each([1009, 4400, 4401, 4403, 4404])("ends for good with %i", async (code) => {
    begin();
    const left = link.do({ op: "undo" });
    world.line.break(code, "Sign in, or send a token.");
    await expect(left).rejects.toThrow("Sign in");
    await expect(link.do({ op: "undo" })).rejects.toThrow("not followed");
    expect([link.status.value, link.end.value]).toEqual(["ended", { code, reason: "Sign in, or send a token." }]);
    world.later();
    expect(world.lines).toHaveLength(1);
  });

  it.each([1001, 1006, 1011, 1012, 1013, 4503])("comes again after %i", (code) => {
    begin();
    world.line.break(code);
    world.later();
    expect(world.lines).toHaveLength(2);
  });

  it("is closed by whoever opened it", () => {
    begin();
    link.close();
    expect([world.line.closed, link.status.value]).toEqual([1000, "ended"]);
    world.later();
    expect(world.lines).toHaveLength(1);
  });

  it("shows the last of what comes quickly", () => {
    begin();
    const brush = (row: number): Showing => ({
      kind: "brush",
      target: "T1",
      selection: { kind: "rows", rows: [row] },
    });
    for (let row = 0; row < 10; row++) link.show(brush(row));
    link.show({ kind: "pointer", target: "I1", x: 1, y: 2 });
    world.later();
    world.later();
    const shown = world.line.said.flatMap((message) => (message.type === "show" ? [message.what] : []));
    expect(shown).toEqual([brush(0), brush(9), { kind: "pointer", target: "I1", x: 1, y: 2 }]);
    link.show(brush(10));
    expect(world.line.said.at(-1)).toEqual({ type: "show", what: brush(10) });
  });

  it("keeps what others show until they have done something", () => {
    begin();
    const what = { kind: "pointer", target: "I1", x: 1, y: 2 } as const;
    world.line.tell({ type: "shown", actor: "ada", what: { ...what, x: 0 } });
    world.line.tell({ type: "shown", actor: "ada", what });
    world.line.tell({ type: "shown", actor: "eve", what });
    expect([...link.shown.value.values()]).toEqual([
      { actor: "ada", what },
      { actor: "eve", what },
    ]);
    world.line.tell({ type: "operation", entry: titled(4, "a") });
    expect([...link.shown.value.values()]).toEqual([{ actor: "eve", what }]);
    world.line.break();
    expect(link.shown.value.size).toBe(0);
  });

  it("hears of another role", () => {
    begin();
    world.line.tell({ type: "role", role: "viewer" });
    expect(link.role.value).toBe("viewer");
  });

  it("sends nothing that the instance would not read", async () => {
    begin();
    const layout = { text: "é".repeat(140_000) };
    await expect(link.do({ op: "layout.set", layout })).rejects.toThrow("too large");
    expect(world.line.done).toEqual([]);
    expect(link.pending.value).toEqual([]);
  });
});

describe("a patch", () => {
  it("puts values where they belong, and shares the rest", () => {
    const state = {
      title: "a",
      layout: {},
      entities: { T1: { kind: "table", title: "x", derived: {} }, S1: { kind: "sky" } },
    } as unknown as ViewState;
    const after = applied(state, [
      { path: ["entities", "T1", "derived", "c"], value: { expression: "g - r" } },
      { path: ["entities", "T1", "title"], value: null },
      { path: ["entities", "S1"] },
    ]);
    expect(after.entities).toEqual({ T1: { kind: "table", title: null, derived: { c: { expression: "g - r" } } } });
    expect(after.layout).toBe(state.layout);
    expect(state.entities["S1"]).toEqual({ kind: "sky" });
  });

  it("takes __proto__ for a name", () => {
    const after = applied(EMPTY, [{ path: ["entities", "T1", "derived", "__proto__"], value: { polluted: true } }]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(JSON.stringify(after.entities)).toBe('{"T1":{"derived":{"__proto__":{"polluted":true}}}}');
    const twice = applied(after, [{ path: ["entities", "T1", "derived", "__proto__", "more"], value: 1 }]);
    expect(JSON.stringify(twice.entities)).toBe('{"T1":{"derived":{"__proto__":{"polluted":true,"more":1}}}}');
  });
});
