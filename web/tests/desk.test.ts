import { describe, expect, it } from "vitest";

import type { FormField } from "../src/api/desk";
import type { CaseEvent } from "../src/api/schema";
import { bodyOf, EMPTY_DRAFT, missing } from "../src/store/actions";
import { answered, formOf } from "../src/store/form";
import { trackOf } from "../src/store/track";
import { fromLocal, toLocal, zone } from "../src/wording/time";
import { aCase } from "./samples";

const anEvent = (event: string, at: string): CaseEvent => ({
  seq: 1, case: "C-1", at, event, type: "t", subject: "s", members: [], cause: "", evidence: {}, author: "",
});
const standings = (...args: Parameters<typeof trackOf>) =>
  Object.fromEntries(trackOf(...args).map(({ stage, standing }) => [stage, standing]));

describe("the track", () => {
  it("of a sensor's case begins with the filing, at its opening", () => {
    const [first, ...rest] = trackOf(aCase(), []);
    expect(first).toEqual({ stage: "filed", standing: "now", at: "2026-06-21T12:00:00Z" });
    expect(rest.every(({ standing, at }) => standing === "ahead" && at === null)).toBe(true);
  });

  it("has the last time where a case came to a stage again, and none ahead of where it is", () => {
    const events = [
      anEvent("dispatched", "2026-06-21T12:10:00Z"),
      anEvent("accepted", "2026-06-21T12:20:00Z"),
      anEvent("handled", "2026-06-21T13:00:00Z"),
      anEvent("reworked", "2026-06-21T13:10:00Z"),
      anEvent("accepted", "2026-06-21T13:20:00Z"),
    ];
    const track = trackOf(aCase({ stage: "handling" }), events);
    expect(track.find(({ stage }) => stage === "handling")?.at).toBe("2026-06-21T13:20:00Z");
    expect(track.find(({ stage }) => stage === "handled")).toMatchObject({ standing: "ahead", at: null });
  });

  it("of a case that was over before anybody acted skips what nobody did", () => {
    const over = aCase({ stage: "closed", state: "closed", closed_at: "2026-06-21T15:00:00Z" });
    expect(standings(over, [])).toEqual({
      filed: "passed", dispatched: "skipped", handling: "skipped", handled: "skipped",
      verifying: "skipped", closed: "now",
    });
    expect(standings({ ...over, stage: "void", source: "resident" }, [])).toMatchObject({
      reported: "passed", filed: "skipped", void: "now",
    });
  });
});

describe("what is sent with an action", () => {
  it("is what it takes and somebody said, and no more", () => {
    const draft = { ...EMPTY_DRAFT, unit: " lamps ", level: "2", reason: "late" };
    expect(bodyOf("dispatch", draft)).toEqual({ action: "dispatch", unit: "lamps", reason: "late" });
    expect(bodyOf("supervise", draft)).toEqual({ action: "supervise", level: 2, reason: "late" });
    expect(bodyOf("check", EMPTY_DRAFT)).toEqual({ action: "check" });
  });

  it("is missed where it is needed and blank", () => {
    expect(missing("suspend", { ...EMPTY_DRAFT, until: "2026-06-22T00:00:00Z", reason: "  " })).toEqual(["reason"]);
    expect(missing("confirm", EMPTY_DRAFT)).toEqual([]);
  });
});

it("a form asks for what it needs, and a nought is an answer", () => {
  const label = { zh: "水位", en: "level" };
  const form: FormField[] = [
    { key: "level", label, kind: "number" },
    { key: "note", label, kind: "text", required: false },
  ];
  expect(formOf({ form })).toBe(form);
  expect(formOf({})).toEqual([]);
  expect(answered(form, {})).toBe("level");
  expect(answered(form, { level: 0 })).toBeUndefined();
});

describe("a field's time", () => {
  it("is the place's, there and back", () => {
    const ms = Date.parse("2026-06-21T11:41:00Z");
    expect(toLocal(ms)).toBe("2026-06-21T19:41");
    expect(fromLocal("2026-06-21T19:41")).toBe(ms);
    expect(fromLocal("")).toBeNull();
  });

  it("is right on both sides of a change of the clocks", () => {
    zone.value = "Europe/Berlin";
    expect(fromLocal("2026-03-29T01:30")).toBe(Date.parse("2026-03-29T00:30:00Z"));
    expect(fromLocal("2026-03-29T03:30")).toBe(Date.parse("2026-03-29T01:30:00Z"));
    zone.value = "Asia/Shanghai";
  });
});
