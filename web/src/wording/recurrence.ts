/** A recurrence in words; a rule that the form cannot say is shown as it is written. */

import { inOrder, LAST_DAY, readRule, weekdayOf, WEEKDAYS } from "../store/recurrence";

type Translate = (key: string, named: Record<string, unknown>) => string;

/** `每 2 周的周一、周四 08:00，至 2026-12-31` for a rule that begins at the local time `start`. */
export function recurrenceText(rule: string, start: string, language: string, t: Translate): string {
  const pattern = readRule(rule);
  if (pattern === null) return rule;
  const { every, unit, until } = pattern;
  const [day = "", time = ""] = start.split("T");
  const ordinal = new Intl.PluralRules(language, { type: "ordinal" });
  const dayText = (n: number) =>
    n === LAST_DAY ? t("schedules.rule.lastDay", {}) : t(`schedules.rule.nth.${ordinal.select(n)}`, { n });
  const weekdays = pattern.weekdays.length ? pattern.weekdays : [weekdayOf(day)];
  const monthDays = pattern.days.length ? pattern.days : [Number(day.slice(8))];
  const on = {
    day: [],
    week: WEEKDAYS.filter((one) => weekdays.includes(one)).map((one) => t(`schedules.rule.weekday.${one}`, {})),
    month: inOrder(monthDays).map(dayText),
  }[unit];
  const what = t(`schedules.rule.${unit}.${every === 1 ? "each" : "every"}`, {
    n: every,
    days: on.join(t("schedules.rule.and", {})),
  });
  const known = t("schedules.rule.at", { what, time });
  return until ? t("schedules.rule.until", { what: known, day: until }) : known;
}
