/** Times and spans as people read them. Shown in the time of the place, not of the browser. */

import { computed, shallowRef } from "vue";

/** The place's time zone; the server tells it soon after the page was opened. */
export const zone = shallowRef("Asia/Shanghai");

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export type Span =
  | { unit: "seconds"; s: number }
  | { unit: "minutes"; m: number }
  | { unit: "hours"; h: number; m: number }
  | { unit: "days"; d: number; h: number };

/**
 * A span in its two largest useful units; a negative one (clocks differ) is none at all. A day of
 * working time is shorter: `day` says how long.
 */
export function span(ms: number, day = DAY): Span {
  const length = Math.max(0, ms);
  if (length < MINUTE) return { unit: "seconds", s: Math.floor(length / SECOND) };
  if (length < HOUR) return { unit: "minutes", m: Math.floor(length / MINUTE) };
  const m = Math.floor((length % HOUR) / MINUTE);
  if (length < day) return { unit: "hours", h: Math.floor(length / HOUR), m };
  return { unit: "days", d: Math.floor(length / day), h: Math.floor((length % day) / HOUR) };
}

/** Formats are dear to make, so there is one of each as long as the zone is the same. */
const format = (locale: string, parts: Intl.DateTimeFormatOptions) =>
  computed(
    () => new Intl.DateTimeFormat(locale, { timeZone: zone.value, hourCycle: "h23", ...parts }),
  );

const DATE = format("en-CA", { year: "numeric", month: "2-digit", day: "2-digit" });
const TIME = format("en-CA", { hour: "2-digit", minute: "2-digit" });
const TIME_OF_DAY = format("en-CA", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const WEEKDAY = { zh: format("zh-CN", { weekday: "long" }), en: format("en-GB", { weekday: "long" }) };

/** `2026-06-21` */
export const date = (ms: number) => DATE.value.format(ms);

/** `19:41` */
export const time = (ms: number) => TIME.value.format(ms);

/** `19:41:05` */
export const timeOfDay = (ms: number) => TIME_OF_DAY.value.format(ms);

/** `19:41` on the day of `now`, `06-20 19:41` on another. */
export function moment(ms: number, now: number): string {
  return date(ms) === date(now) ? time(ms) : `${date(ms).slice(5)} ${time(ms)}`;
}

export const weekday = (ms: number, language: string) =>
  WEEKDAY[language === "zh" ? "zh" : "en"].value.format(ms);

/** `2026-06-21T19:41` in the time of the place, as a browser's field has it. */
export const toLocal = (ms: number) => `${date(ms)}T${time(ms)}`;

/** What such a field says, ms; null where it says nothing. */
export function fromLocal(text: string): number | null {
  const asUtc = Date.parse(`${text}Z`);
  if (Number.isNaN(asUtc)) return null;
  // How far the place is from UTC then; a second look counts where the clocks were just changed.
  const off = (ms: number) => Date.parse(`${toLocal(ms)}Z`) - Math.floor(ms / MINUTE) * MINUTE;
  const near = asUtc - off(asUtc);
  return asUtc - off(near);
}
