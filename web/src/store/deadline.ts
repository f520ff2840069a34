/** How a case stands to its deadline, in the time that its own clock counts. Pure. */

import type { Case, ClockKind, WorkingCalendar } from "../api/schema";

/** A calendar, and the times between which it knows the working time. */
export interface HeldCalendar extends WorkingCalendar {
  from: number;
  to: number;
}

/**
 * `ms` is what is left, or how much it is late: null where it cannot be told, for want of a calendar
 * that reaches so far. `workingDay` is the length of a day of working time, null where the clock
 * runs day and night. `running`: the case has not ended yet.
 */
export interface Standing {
  overdue: boolean;
  running: boolean;
  ms: number | null;
  workingDay: number | null;
}

const WORKING: readonly ClockKind[] = ["working_hour", "working_day"];

/** Working time between two times, ms; null where the calendar does not reach. */
export function workingBetween(calendar: HeldCalendar, from: number, to: number): number | null {
  if (from < calendar.from || to > calendar.to) return null;
  let sum = 0;
  for (const [begin, end] of calendar.working) {
    if (begin >= to) break;
    sum += Math.max(0, Math.min(end, to) - Math.max(begin, from));
  }
  return sum;
}

/** By its end, or by `now` while it is open; null for a case that was not filed. */
export function standingOf(
  item: Case,
  now: number,
  calendar: HeldCalendar | null,
): Standing | null {
  if (!item.filing) return null;
  const deadline = Date.parse(item.filing.deadline);
  const ended = item.stopped_at;
  const at = ended === null ? now : Date.parse(ended);
  const [from, to] = [Math.min(at, deadline), Math.max(at, deadline)];
  const counts = { overdue: at > deadline, running: ended === null };
  if (!WORKING.includes(item.filing.clock)) return { ...counts, ms: to - from, workingDay: null };
  return {
    ...counts,
    ms: calendar && workingBetween(calendar, from, to),
    workingDay: calendar?.working_day_ms ?? null,
  };
}
