import { describe, expect, it } from "vitest";
import { createI18n } from "vue-i18n";

import { DAILY, daysIn, LAST_DAY, readRule, weekdayOf, writeRule } from "../src/store/recurrence";
import { en } from "../src/wording/en";
import { recurrenceText } from "../src/wording/recurrence";
import { zh } from "../src/wording/zh";

const START = "2026-07-02T08:00"; // a Thursday
const { t, locale } = createI18n({ legacy: false, locale: "zh", messages: { zh, en } }).global;
function said(rule: string, language: "zh" | "en"): string {
  locale.value = language;
  return recurrenceText(rule, START, language, t);
}

describe("a rule", () => {
  it.each([
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=5;UNTIL=20261231",
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
    "FREQ=MONTHLY;BYMONTHDAY=1,15,-1",
    "FREQ=MONTHLY;INTERVAL=3",
  ])("%s is read into fields and written the same", (rule) => {
    const pattern = readRule(rule);
    expect(pattern && writeRule(pattern)).toBe(rule);
  });

  it.each([
    "FREQ=YEARLY",
    "FREQ=DAILY;COUNT=5",
    "FREQ=DAILY;BYDAY=MO",
    "FREQ=WEEKLY;BYHOUR=8,20",
    "FREQ=WEEKLY;BYDAY=1MO",
    "FREQ=MONTHLY;BYDAY=1MO",
    "FREQ=MONTHLY;BYMONTHDAY=-2",
    "FREQ=MONTHLY;BYMONTHDAY=32",
    "FREQ=DAILY;UNTIL=20261231T160000Z",
    "FREQ=DAILY;INTERVAL=0",
    "every day",
    "",
  ])("%j is beyond the fields", (rule) => {
    expect(readRule(rule)).toBeNull();
    expect(said(rule, "zh")).toBe(rule);
  });

  it("has its days in order, each once", () => {
    expect(writeRule({ ...DAILY, unit: "week", weekdays: ["SU", "MO"] })).toBe("FREQ=WEEKLY;BYDAY=MO,SU");
    expect(writeRule({ ...DAILY, unit: "month", days: [LAST_DAY, 15, 1, 15] })).toBe("FREQ=MONTHLY;BYMONTHDAY=1,15,-1");
  });
});

it("days of a month are written as people do, and are none beyond it", () => {
  expect(daysIn("1, 15，20")).toEqual([1, 15, 20]);
  expect(daysIn("")).toEqual([]);
  for (const wrong of ["0", "32", "-1", "1.5", "first"]) expect(daysIn(wrong)).toBeNull();
});

it("a day has its weekday, whatever the browser's zone", () => {
  expect(weekdayOf("2026-07-02")).toBe("TH");
  expect(weekdayOf("2026-07-05")).toBe("SU");
});

describe("in words", () => {
  it.each([
    ["FREQ=DAILY", "每天 08:00", "Every day at 08:00"],
    ["FREQ=DAILY;INTERVAL=3;UNTIL=20261231", "每 3 天 08:00，至 2026-12-31", "Every 3 days at 08:00, until 2026-12-31"],
    ["FREQ=WEEKLY", "每周四 08:00", "Every Thu at 08:00"],
    ["FREQ=WEEKLY;INTERVAL=2;BYDAY=TH,MO", "每 2 周的周一、周四 08:00", "Every 2 weeks on Mon, Thu at 08:00"],
    ["FREQ=MONTHLY", "每月 2 日 08:00", "Every month on the 2nd at 08:00"],
    ["RRULE:FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=-1,1,23", "每 3 个月的 1 日、23 日、最后一天 08:00", "Every 3 months on the 1st, 23rd, last day at 08:00"],
  ])("%s", (rule, chinese, english) => {
    expect([said(rule, "zh"), said(rule, "en")]).toEqual([chinese, english]);
  });
});
