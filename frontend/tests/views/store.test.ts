// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it, vi } from "vitest";
import { memoryStore, widgetStore, type WidgetModel } from "../../src/views/store";

describe("a store", () => {
  it("in memory tells of changes, and only of changes", () => {
    const store = memoryStore({ query: "a" });
    const changed = vi.fn();
    const stop = store.on("query", changed);
    expect(store.get("query")).toBe("a");
    store.set("query", "b");
    store.set("query", "b");
    stop();
    store.set("query", "c");
    expect(changed).toHaveBeenCalledTimes(1);
  });

  it("of a widget saves what it is given", () => {
    const values = new Map<string, unknown>();
    const model: WidgetModel = {
      get: (key) => values.get(key),
      set: (key, value) => void values.set(key, value),
      save_changes: vi.fn(),
      on: vi.fn(),
      off: vi.fn(),
    };
    const store = widgetStore(model);
    store.set("query", "a");
    expect(store.get("query")).toBe("a");
    expect(model.save_changes).toHaveBeenCalledOnce();
    store.on("query", () => undefined)();
    expect(model.off).toHaveBeenCalledWith("change:query", expect.any(Function));
  });
});
