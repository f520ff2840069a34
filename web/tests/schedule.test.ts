import { describe, expect, it } from "vitest";

import { problemOf } from "../src/api/call";
import type { FormField, Schedule } from "../src/api/desk";
import { blankPlan, newKey, planOf, toSend, wrongIn } from "../src/store/schedule";
import { faultsOf } from "../src/wording/faults";

const label = { zh: "水位", en: "" };
const whole = () => ({
  ...blankPlan("2026-07-01"),
  name: "巡查",
  code: "0137",
  condition: "out",
  assets: { kind: "streetlight" as const, area: "", streets: [], roads: [], ids: [] },
});

describe("a plan", () => {
  it("of a schedule is the plan alone, and another one", () => {
    const schedule: Schedule = { ...whole(), id: "x", next_at: null, version: 3, changed_at: "", changed_by: "" };
    const plan = planOf(schedule);
    expect(plan).toEqual(whole());
    plan.assets.ids.push("L-1");
    expect(schedule.assets.ids).toEqual([]);
  });

  it("is told where something is missing, by the field", () => {
    expect([...wrongIn(blankPlan("2026-07-01")).keys()]).toEqual(["name", "code", "assets"]);
    expect(wrongIn(whole()).size).toBe(0);
    expect(wrongIn({ ...whole(), start: "T08:00" }).get("start")).toBe("needed");
    expect(wrongIn({ ...whole(), rule: "FREQ=DAILY;UNTIL=20260630" }).get("rule")).toBe("untilBefore");
    const choice: FormField = { key: "lid", label, kind: "choice" };
    expect(wrongIn({ ...whole(), form: [choice] }).get("form.lid")).toBe("needed");
    expect(wrongIn({ ...whole(), form: [{ ...choice, choices: ["好"] }] }).size).toBe(0);
  });

  it("is sent with each field's own parts, and one label for both languages where there is one", () => {
    const form: FormField[] = [
      { key: "a", label, kind: "text", unit: "m", least: 1, choices: ["x"] },
      { key: "b", label, kind: "number", unit: " m ", least: 0, choices: ["x"] },
    ];
    expect(toSend({ ...whole(), name: " 巡查 ", form })).toMatchObject({
      name: "巡查",
      form: [
        { key: "a", label: { zh: "水位", en: "水位" }, kind: "text", required: true },
        { key: "b", kind: "number", unit: "m", least: 0, most: null },
      ],
    });
    expect(newKey([{ key: "field_2", label, kind: "text" }])).toBe("field_3");
  });
});

describe("a refusal that names fields", () => {
  const errors = [{ name: "per", detail: "too many" }];

  it("is told at the field in the reader's language, without its name", () => {
    const problem = problemOf(422, { detail: "per: too many", detail_zh: "per：太多", errors });
    expect([...faultsOf(problem, "zh")]).toEqual([["per", "太多"]]);
    expect([...faultsOf(problem, "en")]).toEqual([["per", "too many"]]);
  });

  it("of several is told at each, and of none at none", () => {
    const problem = problemOf(422, { detail: "", errors: [...errors, { name: "name", detail: "is missing" }] });
    expect(faultsOf(problem, "zh").get("name")).toBe("is missing");
    expect(faultsOf(problemOf(412, { detail: "changed" }), "zh").size).toBe(0);
    expect(faultsOf(new Error("x"), "zh").size).toBe(0);
  });
});
