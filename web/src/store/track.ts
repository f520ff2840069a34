/** The way of a case through its stages, and when it came to each. Pure. */

import { type Case, type CaseEvent, type CaseStage, STAGES } from "../api/schema";

export interface StepOfTrack {
  stage: CaseStage;
  /** `passed`, where it is `now`, still `ahead`, or `skipped` by a case that is over. */
  standing: "passed" | "now" | "ahead" | "skipped";
  /** RFC 3339; null where it was not reached, or it is not known when. */
  at: string | null;
}

const REACHED_BY: Partial<Record<CaseStage, readonly string[]>> = {
  filed: ["filed"],
  dispatched: ["dispatched"],
  handling: ["accepted"],
  handled: ["handled"],
  verifying: ["checking"],
};

/** The seven stages; the first is not one of a case that sensors or a schedule opened. */
export function trackOf(item: Case, events: readonly CaseEvent[]): StepOfTrack[] {
  const over = item.stage === "closed" || item.stage === "void";
  const here = over ? STAGES.length - 1 : STAGES.indexOf(item.stage);
  return STAGES.filter((stage) => stage !== "reported" || item.source === "resident").map((stage) => {
    const index = STAGES.indexOf(stage);
    const at = index <= here ? reachedAt(stage, item, events) : null;
    if (index > here) return { stage, standing: "ahead", at };
    if (index === here) return { stage: over ? item.stage : stage, standing: "now", at };
    return { stage, standing: over && at === null ? "skipped" : "passed", at };
  });
}

/** The last time: a case that was sent back or returned comes to a stage again. */
function reachedAt(stage: CaseStage, item: Case, events: readonly CaseEvent[]): string | null {
  const marks = REACHED_BY[stage] ?? [];
  const found = events.findLast((event) => marks.includes(event.event))?.at ?? null;
  switch (stage) {
    case "reported":
      return item.opened_at;
    case "filed":
      return found ?? (item.source === "resident" ? null : item.opened_at);
    case "closed":
      return item.closed_at;
    case "verifying":
      // With sensors the check is theirs, and begins with the handing in.
      return found ?? (item.source === "sensor" ? item.handled_at : null);
    default:
      return found;
  }
}
