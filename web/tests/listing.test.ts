import { expect, it } from "vitest";

import { fieldsOf, pointsOf } from "../src/store/columns";
import { appendSample, MOST_SAMPLES, type Sample } from "../src/store/history";
import { latestSteps, listed, typesIn } from "../src/store/listing";
import { aCase } from "./samples";

const CASES = [
  aCase({ id: "A", opened_at: "2026-06-21T12:00:00Z" }),
  aCase({ id: "B", opened_at: "2026-06-21T13:00:00Z", type: "cover.rattle" }),
  aCase({ id: "C", opened_at: "2026-06-21T11:00:00Z" }),
  aCase({
    id: "D",
    opened_at: "2026-06-21T10:00:00Z",
    state: "recovered",
    recovered_at: "2026-06-21T12:30:00Z",
  }),
];

it("the list is newest first, in one state, of one type where asked", () => {
  expect(listed(CASES, "open", "").map((one) => one.id)).toEqual(["B", "A", "C"]);
  expect(listed(CASES, "open", "streetlight.unlit").map((one) => one.id)).toEqual(["A", "C"]);
  expect(listed(CASES, "closed", "")).toEqual([]);
});

it("types are counted within a state, the commonest first", () => {
  expect(typesIn(CASES, "open")).toEqual([["streetlight.unlit", 2], ["cover.rattle", 1]]);
});

it("the latest steps are in the order they were taken", () => {
  expect(latestSteps(CASES, 3).map(({ case: one, event }) => `${one.id} ${event}`)).toEqual([
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
