// SPDX-License-Identifier: BSD-3-Clause
import { effect } from "@preact/signals-core";
import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Draws its element again whenever a signal that `read` touches changes. */
export class Watch implements ReactiveController {
  private stop: (() => void) | undefined;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly read: () => unknown,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    this.stop = effect(() => {
      this.read();
      this.host.requestUpdate();
    });
  }

  hostDisconnected(): void {
    this.stop?.();
  }
}
