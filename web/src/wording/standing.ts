import type { Standing } from "../store/deadline";
import { type Span, span } from "./time";

type Translate = (key: string, parts: Record<string, unknown>) => string;

/** The words for a span; the smaller of its two units is left out where there is none of it. */
function wordOf(time: Span, working: boolean): string {
  switch (time.unit) {
    case "days":
      if (working) return time.h ? "workingDays" : "wholeWorkingDays";
      return time.h ? "days" : "wholeDays";
    case "hours":
      return time.m ? "hours" : "wholeHours";
    default:
      return time.unit;
  }
}

/** `剩 3 小时 20 分`, `超期 1 工作日 2 小时`; no amount where none can be told, and then none is left. */
export function standingText({ overdue, ms, workingDay }: Standing, t: Translate): string {
  if (ms === null) return overdue ? t("filing.overdue", {}) : "";
  const amount = span(ms, workingDay ?? undefined);
  const time = t(`age.${wordOf(amount, workingDay !== null)}`, { ...amount });
  return t(overdue ? "filing.overdueBy" : "filing.left", { time });
}
