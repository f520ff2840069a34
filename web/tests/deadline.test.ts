import { createI18n } from "vue-i18n";
import { describe, expect, it } from "vitest";

import { type HeldCalendar, standingOf, workingBetween } from "../src/store/deadline";
import { standingText } from "../src/wording/standing";
import { en } from "../src/wording/en";
import { zh } from "../src/wording/zh";
import { aCase, aFiling } from "./samples";

const HOUR = 3_600_000;
const at = (text: string) => Date.parse(`2026-${text.replace(" ", "T")}:00+08:00`);

/** Monday to Wednesday, 22 to 24 June 2026, and the rest of that week without work. */
const CALENDAR: HeldCalendar = {
  timezone: "Asia/Shanghai",
  working_day_ms: 8 * HOUR,
  from: at("06-20 00:00"),
  to: at("06-28 00:00"),
  working: ["06-22", "06-23", "06-24"].flatMap((day): [number, number][] => [
    [at(`${day} 08:00`), at(`${day} 12:00`)],
    [at(`${day} 14:00`), at(`${day} 18:00`)],
  ]),
};

describe("working time", () => {
  it.each([
    ["06-22 09:00", "06-22 11:00", 2],
    ["06-22 11:00", "06-22 15:00", 2],
    ["06-22 17:00", "06-23 09:00", 2],
    ["06-22 19:00", "06-23 07:00", 0],
    ["06-21 00:00", "06-25 00:00", 24],
    ["06-22 09:00", "06-22 09:00", 0],
  ])("from %s to %s is %d hours", (from, to, hours) => {
    expect(workingBetween(CALENDAR, at(from), at(to))).toBe(hours * HOUR);
  });

  it("is not known where the calendar does not reach", () => {
    expect(workingBetween(CALENDAR, at("06-19 00:00"), at("06-22 09:00"))).toBeNull();
    expect(workingBetween(CALENDAR, at("06-22 09:00"), at("06-28 00:01"))).toBeNull();
  });
});

const filed = (clock: "working_hour" | "working_day" | "urgent_hour", deadline: string) =>
  aFiling({ clock, deadline: new Date(at(deadline)).toISOString() });

describe("a case stands to its deadline", () => {
  it("by the system's time while it is open, in the time of its clock", () => {
    const item = aCase({ filing: filed("working_day", "06-23 18:00") });
    const standing = standingOf(item, at("06-22 17:00"), CALENDAR);
    expect(standing).toEqual({ overdue: false, running: true, ms: 9 * HOUR, workingDay: 8 * HOUR });
  });

  it("by the wall clock where its clock runs day and night, calendar or not", () => {
    const item = aCase({ filing: filed("urgent_hour", "06-23 03:00") });
    const standing = standingOf(item, at("06-23 05:00"), null);
    expect(standing).toEqual({ overdue: true, running: true, ms: 2 * HOUR, workingDay: null });
  });

  it("by its end once it has ended", () => {
    const late = { stopped_at: "2026-06-23T02:00:00Z", state: "recovered" } as const;
    const item = aCase({ ...late, filing: filed("working_hour", "06-23 09:00") });
    expect(standingOf(item, at("06-27 00:00"), CALENDAR)).toMatchObject({
      overdue: true, running: false, ms: HOUR,
    });
  });

  it("exactly on it in time", () => {
    const item = aCase({ filing: filed("working_hour", "06-22 10:00") });
    expect(standingOf(item, at("06-22 10:00"), CALENDAR)).toMatchObject({ overdue: false, ms: 0 });
    expect(standingOf(item, at("06-22 10:00") + 1, CALENDAR)).toMatchObject({ overdue: true, ms: 1 });
  });

  it("not at all where it was not filed", () => {
    expect(standingOf(aCase(), at("06-22 10:00"), CALENDAR)).toBeNull();
  });
});

describe("the words", () => {
  const i18n = createI18n({ legacy: false, locale: "zh", messages: { zh, en } });
  const say = (language: "zh" | "en", some: Partial<Parameters<typeof standingText>[0]>) => {
    i18n.global.locale.value = language;
    const standing = { overdue: false, running: true, ms: 0, workingDay: null, ...some };
    return standingText(standing, i18n.global.t);
  };

  it.each([
    [{ ms: 3 * HOUR + 20 * 60_000 }, "剩 3 小时 20 分", "3 h 20 min left"],
    [{ ms: 3 * HOUR, workingDay: 8 * HOUR }, "剩 3 小时", "3 h left"],
    [{ ms: 45 * 60_000, workingDay: 8 * HOUR }, "剩 45 分钟", "45 min left"],
    [{ ms: 9 * HOUR, workingDay: 8 * HOUR }, "剩 1 工作日 1 小时", "1 working d 1 h left"],
    [{ ms: 26 * HOUR }, "剩 1 天 2 小时", "1 d 2 h left"],
    [{ ms: 16 * HOUR, workingDay: 8 * HOUR, overdue: true }, "超期 2 工作日", "2 working d overdue"],
    [{ ms: null, overdue: true }, "超期", "overdue"],
    [{ ms: null }, "", ""],
  ])("of %o are %s, %s", (some, chinese, english) => {
    expect([say("zh", some), say("en", some)]).toEqual([chinese, english]);
  });
});
