import { describe, expect, it } from "vitest";

import { type Action, EMPTY, reduce, type RoomState } from "../src/store/reduce";
import { aCase, aSegment, aState, heard } from "./samples";

const after = (...actions: Action[]): RoomState => actions.reduce(reduce, EMPTY);

describe("cases", () => {
  it("appear as the stream tells of them, and are announced once", () => {
    const message = heard("opened", 7);
    const room = after(
      { type: "case", message, at: 1_000 },
      { type: "case", message, at: 2_000 },
    );
    expect([...room.cases.keys()]).toEqual(["C-1"]);
    expect(room.announced.get("C-1")).toBe(1_000);
  });

  it("are announced when they open or relapse, not when they recover", () => {
    const room = after(
      { type: "case", message: heard("recovered", 1, { id: "A", state: "recovered" }), at: 1 },
      { type: "case", message: heard("relapsed", 2, { id: "B" }), at: 2 },
    );
    expect([...room.announced.keys()]).toEqual(["B"]);
  });

  it("never go back to an older version", () => {
    const room = after(
      { type: "case", message: heard("closed", 3, { version: 3, state: "closed" }), at: 1 },
      { type: "case", message: heard("joined", 2, { version: 2 }), at: 2 },
    );
    expect(room.cases.get("C-1")?.state).toBe("closed");
  });

  it("are counted as they move, before the server counts again", () => {
    const room = after(
      { type: "state", message: aState({ cases: { open: 3, recovered: 1, closed: 0, overdue: 2 } }), at: 0 },
      { type: "case", message: heard("opened", 1), at: 1 },
      { type: "case", message: heard("recovered", 2, { state: "recovered", version: 2 }), at: 2 },
    );
    expect(room.caseCounts).toEqual({ open: 3, recovered: 2, closed: 0, overdue: 2 });
  });

  it("of a snapshot replace what was held, so that those of an earlier run go", () => {
    const room = after(
      { type: "casesAsked" },
      { type: "cases", cases: [aCase({ id: "old" })] },
      { type: "casesAsked" },
      { type: "cases", cases: [aCase({ id: "new" })] },
    );
    expect([...room.cases.keys()]).toEqual(["new"]);
  });

  it("told of while a snapshot is on its way are kept where they are newer", () => {
    const room = after(
      { type: "casesAsked" },
      { type: "case", message: heard("opened", 1, { id: "late" }), at: 1 },
      { type: "case", message: heard("joined", 2, { id: "both", version: 2 }), at: 1 },
      { type: "case", message: heard("joined", 3, { id: "behind", version: 2 }), at: 1 },
      {
        type: "cases",
        cases: [aCase({ id: "both", version: 1 }), aCase({ id: "behind", version: 5 })],
      },
    );
    const versions = [...room.cases].map(([id, one]) => [id, one.version]);
    expect(Object.fromEntries(versions)).toEqual({ late: 1, both: 2, behind: 5 });
  });

  it("that were asked for one by one join the others, unless a newer version is held", () => {
    const room = after(
      { type: "state", message: aState(), at: 0 },
      { type: "cases", cases: [aCase({ version: 3 }), aCase({ id: "C-2" })] },
      {
        type: "found",
        cases: [
          aCase({ id: "C-0", state: "closed" }),
          aCase({ version: 2, unit: "old" }),
          aCase({ id: "C-2", version: 2, state: "closed" }),
        ],
      },
    );
    expect(room.cases.size).toBe(3);
    expect(room.cases.get("C-1")?.unit).toBeNull();
    expect(room.cases.get("C-2")?.state).toBe("closed");
    expect(room.caseCounts).toMatchObject({ open: 2, closed: 1 });
  });
});

describe("segments", () => {
  it("keep the state the stream told before their shapes came", () => {
    const dark = { state: "dark", lit: 0, dark: 10, off: 0, silent: 0, unknown: 0 };
    const room = after(
      { type: "state", message: aState({ segments: { "S-1": dark } }), at: 0 },
      {
        type: "segments",
        collection: {
          type: "FeatureCollection",
          features: [aSegment("S-1", "lit"), aSegment("S-2", "off")],
        },
      },
    );
    expect(room.segmentStates.get("S-1")?.state).toBe("dark");
    expect(room.segmentStates.get("S-2")?.state).toBe("off");
  });

  it("that a message does not name stay as they are", () => {
    const lit = { state: "lit", lit: 10, dark: 0, off: 0, silent: 0, unknown: 0 };
    const before = after({ type: "state", message: aState({ segments: { "S-1": lit } }), at: 0 });
    const room = reduce(before, { type: "state", message: aState(), at: 1 });
    expect(room.segmentStates).toBe(before.segmentStates);
  });
});

describe("the clock", () => {
  const health = (now: string, speed: number): Action => ({
    type: "health",
    health: { status: "ok", now, clock: { virtual: true, speed }, site: { area: "410105", timezone: "Asia/Shanghai" }, problems: [] },
    at: 500,
  });

  it("takes its speed from health and its time from the stream while that is live", () => {
    const room = after(
      { type: "connected" },
      { type: "state", message: aState(), at: 400 },
      health("2030-01-01T00:00:00Z", 60),
    );
    expect(room.clock).toEqual({ now: Date.parse("2026-06-21T12:00:00Z"), at: 400, speed: 60 });
  });

  it("takes both from health before the stream has spoken", () => {
    expect(after(health("2026-06-21T12:00:00Z", 60)).clock?.at).toBe(500);
  });
});

it("the line is lost until something is heard again", () => {
  const lost = after({ type: "connected" }, { type: "lost" });
  expect(lost.line).toBe("lost");
  expect(reduce(lost, { type: "state", message: aState(), at: 9 }).line).toBe("live");
});
