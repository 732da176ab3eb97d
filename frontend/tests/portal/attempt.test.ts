// SPDX-License-Identifier: BSD-3-Clause
import { expect, test } from "vitest";
import { Attempt } from "../../src/portal/attempt";

function attempt() {
  const seen: [boolean, string][] = [];
  const host = {
    addController: () => undefined,
    removeController: () => undefined,
    requestUpdate: () => void seen.push([made.isBusy, made.wrong]),
    updateComplete: Promise.resolve(true),
  };
  const made: Attempt = new Attempt(host);
  return { made, seen };
}

test("what is under way is busy, and then it is not", async () => {
  const { made, seen } = attempt();

  await made.to(async () => expect(made.isBusy).toBe(true));

  expect(seen).toEqual([[true, ""], [false, ""]]);
});

test("what went wrong is said until the next attempt", async () => {
  const { made, seen } = attempt();

  await made.to(() => Promise.reject(new Error("There is no such token")));
  await made.to(async () => undefined);

  expect(seen).toEqual([[true, ""], [false, "There is no such token"], [true, ""], [false, ""]]);
});
