// SPDX-License-Identifier: BSD-3-Clause
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { messageOf } from "../api/http";
import { tell } from "./notices";

/** What a person has asked for: whether it is under way, and what went wrong with it. */
export class Attempt implements ReactiveController {
  isBusy = false;
  wrong = "";

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  hostConnected(): void {
    // Attempts begin with the person, not with the page.
  }

  /** Do it; what goes wrong is kept in `wrong` until the next attempt. */
  async to(act: () => Promise<void>): Promise<void> {
    this.is(true, "");
    try {
      await act();
      this.is(false, "");
    } catch (error) {
      this.is(false, messageOf(error));
    }
  }

  private is(busy: boolean, wrong: string): void {
    this.isBusy = busy;
    this.wrong = wrong;
    this.host.requestUpdate();
  }
}

/** Do what a person has asked for, and tell at the foot of the page what goes wrong. */
export async function attempt(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    tell(messageOf(error));
  }
}
