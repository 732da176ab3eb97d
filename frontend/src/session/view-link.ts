// SPDX-License-Identifier: BSD-3-Clause
import { computed, signal, type ReadonlySignal } from "@preact/signals-core";
import type {
  Change,
  ClientMessage,
  EntryResponse,
  JsonValue,
  Operation,
  ServerMessage,
  Showing,
  ViewState,
} from "../wire/view";

/** The part of a WebSocket that is used. */
export interface Socket {
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: string }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** What the link takes from the world around it. */
export interface Surroundings {
  open(address: string): Socket;
  /** Call back after so many milliseconds; returns how to prevent it. */
  after(milliseconds: number, call: () => void): () => void;
  /** Between 0 and 1. */
  random(): number;
}

/** `connecting` until the view is known, `open`, `away` while it tries to come again, `ended` for good. */
export type LinkStatus = "connecting" | "open" | "away" | "ended";

/** Why a link has ended: the close code (docs/reference/views.md) and the reason. */
export interface LinkEnd {
  code: number;
  reason: string;
}

/** The instance did not do an operation. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "Refusal";
  }
}

interface Pending {
  id: string;
  operation: Operation;
  done: (revision: number) => void;
  refused: (error: Refusal) => void;
}

const FIRST_WAIT = 250;
const LONGEST_WAIT = 10_000;
/** How often something that lasts for a moment is shown at most. */
const SHOW_EVERY = 33;
/** The instance closes the socket at longer messages. */
const LONGEST_MESSAGE = 256 * 1024;
/** Coming again would not help: what is sent is wrong, or may not be. */
const FINAL = new Set([1000, 1003, 1007, 1009, 4400, 4401, 4403, 4404, 4422]);

/** Follows one view, and does operations on it, over connections that come and go. */
export class ViewLink {
  private readonly now = signal<ViewState | null>(null);
  private readonly at = signal<number | null>(null);
  private readonly what = signal<LinkStatus>("connecting");
  private readonly facts = signal({ role: "viewer", owner: "", you: "" });
  private readonly others = signal<ReadonlyMap<string, { actor: string; what: Showing }>>(new Map());
  private readonly waiting = signal<readonly Pending[]>([]);
  private readonly over = signal<LinkEnd | null>(null);

  /** The view; null until it is known. */
  readonly state: ReadonlySignal<ViewState | null> = this.now;
  /** How many operations led to `state`. */
  readonly revision: ReadonlySignal<number | null> = this.at;
  readonly status: ReadonlySignal<LinkStatus> = this.what;
  readonly end: ReadonlySignal<LinkEnd | null> = this.over;
  readonly role = computed(() => this.facts.value.role);
  readonly owner = computed(() => this.facts.value.owner);
  /** The user whom the connection belongs to. */
  readonly you = computed(() => this.facts.value.you);
  /** Operations that were asked for and not answered yet. */
  readonly pending = computed(() => this.waiting.value.map(({ operation }) => operation));
  /** What others show for a moment, by who, kind and target. */
  readonly shown: ReadonlySignal<ReadonlyMap<string, { actor: string; what: Showing }>> = this.others;

  private socket: Socket | null = null;
  private failures = 0;
  private retry: (() => void) | null = null;
  private readonly showing = new Map<string, Showing>();
  private resting: (() => void) | null = null;

  /** `address` is the `socket` of the view, as the API tells it. */
  constructor(
    private readonly address: string,
    private readonly around: Surroundings = browser,
  ) {
    this.connect();
  }

  /**
   * Do an operation; resolves with its revision once it is kept, which may be after the connection broke
   * and came again. Rejects with a `Refusal`.
   */
  do(operation: Operation): Promise<number> {
    return new Promise((done, refused) => {
      const pending: Pending = { id: this.newId(), operation, done, refused };
      if (this.over.peek()) return refused(new Refusal("unavailable", "The view is not followed any more."));
      if (new TextEncoder().encode(textOf(pending)).length > LONGEST_MESSAGE)
        return refused(new Refusal("limit", "The operation is too large."));
      this.waiting.value = [...this.waiting.peek(), pending];
      if (this.what.peek() === "open") this.socket?.send(textOf(pending));
    });
  }

  /** Show something to the others for a moment; of what comes too quickly, the last. */
  show(what: Showing): void {
    this.showing.set(`${what.kind} ${what.target}`, what);
    if (!this.resting) this.showAll();
  }

  /** Follow no longer. Operations that were not answered may have been done or not. */
  close(): void {
    this.finish({ code: 1000, reason: "" });
    this.socket?.close(1000);
  }

  /** A name for a new entity that nobody else will think of. */
  newName(kind: string): string {
    return `${kind}-${this.newId().slice(0, 8)}`;
  }

  private newId(): string {
    const digit = () => Math.floor(this.around.random() * 36).toString(36);
    return Array.from({ length: 22 }, digit).join("");
  }

  private connect(): void {
    const socket = (this.socket = this.around.open(this.address));
    socket.onopen = () => {
      const revision = this.at.peek();
      say(socket, { type: "hello", ...(revision === null ? {} : { revision }) });
    };
    socket.onmessage = ({ data }) => {
      if (this.socket === socket && !this.over.peek()) this.hear(JSON.parse(data) as ServerMessage);
    };
    socket.onclose = ({ code, reason }) => {
      if (this.socket === socket) this.lost({ code, reason });
    };
  }

  private lost(end: LinkEnd): void {
    this.socket = null;
    if (this.over.peek()) return;
    if (FINAL.has(end.code)) return this.finish(end);
    this.what.value = this.at.peek() === null ? "connecting" : "away";
    this.others.value = new Map();
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.failures++);
    // Clients that lost the same process do not all come at the same moment.
    this.retry = this.around.after(wait * (0.5 + this.around.random() / 2), () => this.connect());
  }

  private finish(end: LinkEnd): void {
    if (this.over.peek()) return;
    this.retry?.();
    this.resting?.();
    this.over.value = end;
    this.what.value = "ended";
    const left = this.waiting.peek();
    this.waiting.value = [];
    for (const { refused } of left) refused(new Refusal("unavailable", end.reason || "The view is not followed any more."));
  }

  private hear(message: ServerMessage): void {
    switch (message.type) {
      case "state":
        this.now.value = message.state;
        this.at.value = message.revision;
        return this.begin(message);
      case "tail":
        for (const entry of message.entries) this.take(entry);
        return this.begin(message);
      case "operation":
        return this.take(message.entry);
      case "done":
        return this.answered(message.id)?.done(message.revision);
      case "refused":
        if (message.id === null) return;
        return this.answered(message.id)?.refused(new Refusal(message.error.code, message.error.message));
      case "shown": {
        const { actor, what } = message;
        this.others.value = new Map(this.others.peek()).set(`${actor} ${what.kind} ${what.target}`, { actor, what });
        return;
      }
      case "role":
        this.facts.value = { ...this.facts.peek(), role: message.role };
    }
  }

  private begin({ role, owner, you }: { role: string; owner: string; you: string }): void {
    this.failures = 0;
    this.facts.value = { role, owner, you };
    this.what.value = "open";
    // Whether they were done before the connection broke nobody knows here: the same id is done once.
    for (const pending of this.waiting.peek()) this.socket?.send(textOf(pending));
  }

  private take(entry: EntryResponse): void {
    const state = this.now.peek();
    if (state === null || entry.revision !== (this.at.peek() ?? 0) + 1) return;
    this.now.value = applied(state, entry.patch);
    this.at.value = entry.revision;
    const left = [...this.others.peek()].filter(([, { actor }]) => actor !== entry.actor);
    if (left.length < this.others.peek().size) this.others.value = new Map(left);
  }

  private answered(id: string): Pending | undefined {
    const found = this.waiting.peek().find((pending) => pending.id === id);
    if (found) this.waiting.value = this.waiting.peek().filter((pending) => pending !== found);
    return found;
  }

  private showAll(): void {
    if (this.what.peek() === "open" && this.socket)
      for (const what of this.showing.values()) say(this.socket, { type: "show", what });
    const some = this.showing.size > 0;
    this.showing.clear();
    this.resting = some ? this.around.after(SHOW_EVERY, () => this.showAll()) : null;
  }
}

/** The state after some changes, one after the other; what does not change is shared with it. */
export function applied(state: ViewState, patch: readonly Change[]): ViewState {
  let changed = state as unknown as JsonValue;
  for (const change of patch) changed = put(changed, change.path, change);
  return changed as unknown as ViewState;
}

function put(here: JsonValue | undefined, path: readonly string[], change: Change): JsonValue {
  const changed: Record<string, JsonValue> = isObject(here) ? { ...here } : {};
  const [first = "", ...rest] = path;
  // A name such as __proto__ is one like any other.
  const set = (value: JsonValue) =>
    Object.defineProperty(changed, first, { value, enumerable: true, configurable: true, writable: true });
  if (rest.length) set(put(Object.hasOwn(changed, first) ? changed[first] : undefined, rest, change));
  else if (change.value === undefined) delete changed[first];
  else set(change.value);
  return changed;
}

function isObject(value: JsonValue | undefined): value is { [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf({ id, operation }: Pending): string {
  return JSON.stringify({ type: "do", id, operation } satisfies ClientMessage);
}

function say(socket: Socket, message: ClientMessage): void {
  socket.send(JSON.stringify(message));
}

const browser: Surroundings = {
  open: (address) => new WebSocket(address) as Socket,
  after: (milliseconds, call) => {
    const timer = setTimeout(call, milliseconds);
    return () => clearTimeout(timer);
  },
  random: () => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32,
};
