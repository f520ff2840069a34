/** Recurrence as people enter it, and the RRULE (RFC 5545) that says it. Pure. */

export const WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** The day of the month that is the last, whichever it is. */
export const LAST_DAY = -1;

/**
 * Every so many days, weeks or months. Without `weekdays` or `days` it is on that of the start;
 * `until` is the last day, `2026-12-31`, or empty.
 */
export interface Pattern {
  every: number;
  unit: "day" | "week" | "month";
  weekdays: readonly Weekday[];
  days: readonly number[];
  until: string;
}

export const DAILY: Pattern = { every: 1, unit: "day", weekdays: [], days: [], until: "" };

const FREQUENCIES = { DAILY: "day", WEEKLY: "week", MONTHLY: "month" } as const;
const NAME_OF = { day: "DAILY", week: "WEEKLY", month: "MONTHLY" } as const;

/** What a rule says; null where it says what a pattern cannot. */
export function readRule(text: string): Pattern | null {
  const parts = new Map(text.trim().replace(/^RRULE:/, "").split(";").map(pair));
  const take = (name: string) => {
    const value = parts.get(name);
    parts.delete(name);
    return value;
  };
  const unit = FREQUENCIES[take("FREQ") as keyof typeof FREQUENCIES];
  const every = Number(take("INTERVAL") ?? "1");
  const until = dayOf(take("UNTIL") ?? "");
  const weekdays = (unit === "week" ? take("BYDAY")?.split(",") : undefined) ?? [];
  const days = (unit === "month" ? take("BYMONTHDAY")?.split(",").map(Number) : undefined) ?? [];
  const fits =
    unit !== undefined &&
    parts.size === 0 &&
    Number.isInteger(every) &&
    every > 0 &&
    until !== null &&
    weekdays.every(isWeekday) &&
    days.every(isDay);
  return fits ? { every, unit, weekdays: weekdays as Weekday[], days, until } : null;
}

/** The rule that says a pattern, its days in order. */
export function writeRule({ every, unit, weekdays, days, until }: Pattern): string {
  const chosen = WEEKDAYS.filter((one) => weekdays.includes(one));
  return [
    `FREQ=${NAME_OF[unit]}`,
    every > 1 && `INTERVAL=${every}`,
    unit === "week" && chosen.length > 0 && `BYDAY=${chosen.join(",")}`,
    unit === "month" && days.length > 0 && `BYMONTHDAY=${inOrder(days).join(",")}`,
    until && `UNTIL=${until.replaceAll("-", "")}`,
  ].filter(Boolean).join(";");
}

/** From the first to the last, each once. */
export function inOrder(days: readonly number[]): number[] {
  const place = (day: number) => (day === LAST_DAY ? 32 : day);
  return [...new Set(days)].sort((a, b) => place(a) - place(b));
}

/** The days of the month that somebody wrote; null where one of them is none. */
export function daysIn(text: string): number[] | null {
  const days = text.split(/[\s,，、;；]+/).filter(Boolean).map(Number);
  return days.every((day) => isDay(day) && day !== LAST_DAY) ? days : null;
}

/** The weekday of a local day, `2026-07-01`. */
export const weekdayOf = (day: string): Weekday =>
  WEEKDAYS[(new Date(`${day}T00:00Z`).getUTCDay() + 6) % 7] ?? "MO";

const pair = (part: string): [string, string] => {
  const [name = "", ...value] = part.split("=");
  return [name, value.join("=")];
};
const isWeekday = (text: string) => (WEEKDAYS as readonly string[]).includes(text);
const isDay = (day: number) => Number.isInteger(day) && ((day >= 1 && day <= 31) || day === LAST_DAY);

/** `2026-12-31` of `20261231`, empty of nothing; null of a time, which is no whole day. */
function dayOf(text: string): string | null {
  if (text === "") return "";
  const found = /^(\d{4})(\d\d)(\d\d)$/.exec(text);
  return found ? found.slice(1).join("-") : null;
}
