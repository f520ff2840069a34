import { describe, expect, it } from "vitest";

import type { Me } from "../src/api/schema";
import { fieldsOf, pointsOf } from "../src/store/columns";
import { appendSample, MOST_SAMPLES, type Sample } from "../src/store/history";
import {
  type CaseFilter,
  hasOwn,
  latestSteps,
  listed,
  NO_FILTER,
  queryOf,
  stageCounts,
  valuesIn,
} from "../src/store/listing";
import { aCase, aFiling } from "./samples";

const NOW = Date.parse("2026-06-21T14:00:00Z");
const DISPATCHER: Me = { name: "d", role: "dispatcher", unit: null, streets: [] };
const HANDLER: Me = { name: "h", role: "handler", unit: "lamps", streets: [] };

const CASES = [
  aCase({ id: "A", opened_at: "2026-06-21T12:00:00Z", stage: "handling", unit: "lamps" }),
  aCase({ id: "B", opened_at: "2026-06-21T13:00:00Z", type: "cover.rattle", supervision: 2 }),
  aCase({
    id: "C",
    opened_at: "2026-06-21T11:00:00Z",
    subject: "segment:JS-12",
    filing: aFiling({ deadline: "2026-06-21T13:30:00Z" }),
  }),
  aCase({
    id: "D",
    opened_at: "2026-06-21T10:00:00Z",
    state: "recovered",
    recovered_at: "2026-06-21T12:30:00Z",
    stopped_at: "2026-06-21T12:30:00Z",
    filing: aFiling({ deadline: "2026-06-21T13:00:00Z" }),
  }),
  aCase({ id: "E", state: "closed", stage: "closed", changed_at: "2026-06-21T13:00:00Z" }),
  aCase({ id: "F", state: "closed", stage: "void", changed_at: "2026-06-21T13:30:00Z" }),
];

const ids = (some: Partial<CaseFilter>, me = DISPATCHER) =>
  listed(CASES, { ...NO_FILTER, ...some }, me, NOW).map((one) => one.id);

describe("the list", () => {
  it("has what is not over, unless a stage is chosen", () => {
    expect(ids({ sort: "opened_at" })).toEqual(["B", "A", "C", "D"]);
    expect(ids({ stage: "handling" })).toEqual(["A"]);
    expect(ids({ stage: "closed", sort: "changed_at" })).toEqual(["F", "E"]);
  });

  it("has what is urgent first, then the newest, and last what waits for its check", () => {
    const cases = [
      aCase({ id: "old", type: "cover.displaced", opened_at: "2026-06-20T12:00:00Z" }),
      aCase({ id: "said", type: "reported", source: "resident", filing: aFiling({ severity: "urgent" }) }),
      aCase({ id: "watch", type: "device.silent" }),
      aCase({ id: "done", type: "cover.displaced", stage: "verifying" }),
      aCase({ id: "lamp" }),
    ];
    const found = listed(cases, NO_FILTER, DISPATCHER, NOW).map((one) => one.id);
    expect(found).toEqual(["said", "old", "lamp", "watch", "done"]);
  });

  it("is narrowed by all that is asked", () => {
    expect(ids({ type: "cover.rattle" })).toEqual(["B"]);
    expect(ids({ supervised: true })).toEqual(["B"]);
    expect(ids({ unit: "lamps", stage: "filed" })).toEqual([]);
    expect(ids({ words: " js-1" })).toEqual(["C"]);
  });

  it("has as overdue what is past its deadline, not what its clock stopped for before", () => {
    expect(ids({ overdue: true })).toEqual(["C"]);
  });

  it("puts the soonest deadline first, and those without one last", () => {
    expect(ids({ sort: "deadline" })).toEqual(["D", "C", "A", "B"]);
  });

  it("knows whose a case is by unit and street", () => {
    expect(ids({ mine: true }, HANDLER)).toEqual(["A"]);
    expect(ids({ mine: true }, { ...DISPATCHER, streets: ["01"] })).toEqual([]);
    expect(hasOwn(DISPATCHER)).toBe(false);
    expect(hasOwn(HANDLER)).toBe(true);
  });
});

it("cases are counted by stage, as far as they fit the rest of the filter", () => {
  expect(stageCounts(CASES, NO_FILTER, DISPATCHER, NOW)).toEqual({
    filed: 3, handling: 1, closed: 1, void: 1,
  });
  const narrow = { ...NO_FILTER, supervised: true, stage: "handling" as const };
  expect(stageCounts(CASES, narrow, DISPATCHER, NOW)).toEqual({ filed: 1 });
});

it("the server is asked for what is over with the same filter", () => {
  const asked = queryOf({ ...NO_FILTER, stage: "closed", mine: true, words: " L-1 " }, HANDLER, "c");
  expect(asked).toMatchObject({ state: "closed", unit: "lamps", q: "L-1", cursor: "c" });
  expect(asked["overdue"]).toBeUndefined();
});

it("values are counted, the commonest first", () => {
  expect(valuesIn(CASES, "type")).toEqual([["streetlight.unlit", 5], ["cover.rattle", 1]]);
  expect(valuesIn(CASES, "unit")).toEqual([["lamps", 1]]);
});

it("the latest steps are in the order they were taken", () => {
  expect(latestSteps(CASES.slice(0, 4), 3).map(({ case: one, event }) => `${one.id} ${event}`)).toEqual([
    "B opened", "D recovered", "A opened",
  ]);
});

it("fields without a drawable value are left out, preferred ones come first", () => {
  const readings = {
    asset: "L-1",
    units: {},
    ts: [1, 2, 3],
    columns: { on: [true, null, false], faults: [null, ["cycling"], null], power_w: [1, null, 3] },
  };
  expect(fieldsOf(readings, ["power_w"])).toEqual(["power_w", "on"]);
  expect(pointsOf(readings, "power_w")).toEqual({ points: [[1, 1], [3, 3]], step: false });
  expect(pointsOf(readings, "on")).toEqual({ points: [[1, 1], [3, 0]], step: true });
});

it("the history stays small and even, and starts anew when the clock goes back", () => {
  const sample = (at: number): Sample => ({ at, open: 0, lit: 0, dark: 0, silent: 0 });
  let history: readonly Sample[] = [];
  for (let at = 0; at < 3 * MOST_SAMPLES; at++) history = appendSample(history, sample(at));
  expect(history.length).toBeLessThanOrEqual(MOST_SAMPLES);
  expect(history[0]?.at).toBe(0);
  expect(history.at(-1)?.at).toBe(3 * MOST_SAMPLES - 1);
  const gaps = history.slice(1, -1).map((one, i) => one.at - (history[i]?.at ?? 0));
  expect(new Set(gaps)).toEqual(new Set([4]));
  expect(appendSample(history, sample(5)).map((one) => one.at)).toEqual([5]);
});
