// SPDX-License-Identifier: BSD-3-Clause
import { effect, signal, type Signal } from "@preact/signals-core";

/** What a view keeps its state in: signals in the Portal, a widget's model in a notebook. */
export interface Store {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
  /** Call back when a value changes; returns how to stop. */
  on(key: string, changed: () => void): () => void;
}

/** A store in memory. */
export function memoryStore(initial: Record<string, unknown> = {}): Store {
  const signals = new Map<string, Signal<unknown>>();
  const of = (key: string): Signal<unknown> => {
    let found = signals.get(key);
    if (!found) signals.set(key, (found = signal(initial[key])));
    return found;
  };
  return {
    get: (key) => of(key).peek(),
    set: (key, value) => {
      of(key).value = value;
    },
    on: (key, changed) => {
      let first = true;
      return effect(() => {
        void of(key).value;
        if (first) first = false;
        else changed();
      });
    },
  };
}

/** The part of a Jupyter widget's model that a view needs. */
export interface WidgetModel {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
  save_changes(): void;
  on(event: string, changed: () => void): void;
  off(event: string, changed: () => void): void;
}

/** A notebook widget's model as a store. */
export function widgetStore(model: WidgetModel): Store {
  return {
    get: (key) => model.get(key),
    set: (key, value) => {
      model.set(key, value);
      model.save_changes();
    },
    on: (key, changed) => {
      model.on(`change:${key}`, changed);
      return () => model.off(`change:${key}`, changed);
    },
  };
}
