// SPDX-License-Identifier: BSD-3-Clause
import { describe, expect, it } from "vitest";
import { conditionOf } from "../../src/portal/condition";

describe("what the banner says", () => {
  it("is nothing while all is well, or something has stopped that others start again", () => {
    expect(conditionOf("ready", { web: "up", demo: "ready" })).toBe("well");
    expect(conditionOf("degraded", { web: "up", images: "down" })).toBe("well");
  });

  it("is that tables can be used as soon as they can", () => {
    expect(conditionOf("starting", { web: "starting", views: "starting", images: "starting" })).toBe("starting");
    expect(conditionOf("starting", { web: "up", views: "starting", images: "starting" })).toBe("starting");
    expect(conditionOf("starting", { web: "up", views: "up", images: "starting" })).toBe("rest");
  });

  it("is that the demo's tables are being made", () => {
    expect(conditionOf("ready", { web: "up", demo: "making" })).toBe("making");
  });
});
