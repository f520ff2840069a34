import { describe, expect, it } from "vitest";

import { en } from "../src/wording/en";
import { evidenceRows, numberText, shown } from "../src/wording/evidence";
import { subjectParts } from "../src/wording/subject";
import { date, moment, span, time } from "../src/wording/time";
import { zh } from "../src/wording/zh";

const MINUTE = 60_000;

describe("a span", () => {
  it.each([
    [-5, { unit: "seconds", s: 0 }],
    [59_999, { unit: "seconds", s: 59 }],
    [MINUTE, { unit: "minutes", m: 1 }],
    [60 * MINUTE, { unit: "hours", h: 1, m: 0 }],
    [125 * MINUTE, { unit: "hours", h: 2, m: 5 }],
    [27 * 60 * MINUTE, { unit: "days", d: 1, h: 3 }],
  ])("of %i ms", (ms, parts) => {
    expect(span(ms)).toEqual(parts);
  });
});

it("times are those of the place, whatever the browser's zone", () => {
  const dusk = Date.parse("2026-06-21T16:30:00Z");
  expect(date(dusk)).toBe("2026-06-22");
  expect(time(dusk)).toBe("00:30");
  expect(moment(dusk, dusk)).toBe("00:30");
  expect(moment(dusk - 60 * MINUTE, dusk)).toBe("06-21 23:30");
});

describe("evidence", () => {
  it("reads units and times from its keys", () => {
    expect(shown("power_w", 0.4)).toEqual({ as: "number", value: 0.4, unit: "W" });
    expect(shown("h2s_mg_m3", 12)).toEqual({ as: "number", value: 12, unit: "mg/m³" });
    expect(shown("normal", 0.05)).toEqual({ as: "number", value: 0.05, unit: "" });
    expect(shown("last_seen_ms", 1.782e12)).toEqual({ as: "time", ms: 1.782e12 });
    expect(shown("held_ms", 600_000)).toEqual({ as: "span", ms: 600_000 });
    expect(shown("report_every_s", 300)).toEqual({ as: "span", ms: 300_000 });
    expect(shown("since", "2026-06-21T12:00:00Z")).toEqual({
      as: "time",
      ms: Date.parse("2026-06-21T12:00:00Z"),
    });
  });

  it("shows a switch as yes or no, and nothing as nothing", () => {
    expect(shown("on", 1)).toEqual({ as: "flag", value: true });
    expect(shown("on", 0.5)).toMatchObject({ as: "number" });
    expect(shown("faults", [])).toEqual({ as: "none" });
    expect(shown("power_w", null)).toEqual({ as: "none" });
    expect(shown("power_w", 0)).toMatchObject({ as: "number", value: 0 });
  });

  it("names nested values by their path and cuts long lists", () => {
    const rows = evidenceRows({ lamp: { power_w: 3 }, ids: Array.from({ length: 11 }, String) });
    expect(rows[0]).toEqual({
      path: ["lamp", "power_w"],
      shown: { as: "number", value: 3, unit: "W" },
    });
    expect(rows[1]?.shown).toMatchObject({ as: "list", more: 3 });
  });

  it("keeps the digits that matter", () => {
    expect([0.05, 26.44, 1184.6, 0].map((n) => numberText(n, "en"))).toEqual([
      "0.05", "26.4", "1,185", "0",
    ]);
  });
});

it("a subject is a kind and an id, or all id", () => {
  expect(subjectParts("circuit:CAB-7:C2")).toEqual({ kind: "circuit", id: "CAB-7:C2" });
  expect(subjectParts("odd")).toEqual({ kind: "", id: "odd" });
});

it("both languages fill the same places", () => {
  const places = (messages: object): string[] =>
    Object.entries(messages).flatMap(([key, value]) =>
      typeof value === "string"
        ? [`${key} ${(value.match(/\{\w+\}/g) ?? []).sort().join()}`]
        : places(value as object),
    );
  expect(places(en)).toEqual(places(zh));
});
