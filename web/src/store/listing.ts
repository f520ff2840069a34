/** Which cases the list shows, and in what order. Pure: the time and who looks are arguments. */

import type { Query } from "../api/call";
import type { Case, CaseSource, CaseStage, Me } from "../api/schema";
import { SEVERITIES, severityOf } from "../wording/severity";

export type Sort = "urgency" | "opened_at" | "deadline" | "changed_at";
export const SORTS: readonly Sort[] = ["urgency", "opened_at", "deadline", "changed_at"];

/** What is empty or false does not narrow. Without a stage it is all that is not over. */
export interface CaseFilter {
  stage: CaseStage | "";
  type: string;
  street: string;
  unit: string;
  source: CaseSource | "";
  supervised: boolean;
  overdue: boolean;
  mine: boolean;
  words: string;
  sort: Sort;
}

export const NO_FILTER: CaseFilter = {
  stage: "",
  type: "",
  street: "",
  unit: "",
  source: "",
  supervised: false,
  overdue: false,
  mine: false,
  words: "",
  sort: "urgency",
};

/** How many of the filters beside the stage narrow the list. */
export function narrowing(filter: CaseFilter): number {
  const { type, street, unit, source, supervised, overdue, mine } = filter;
  return [type, street, unit, source, supervised, overdue, mine].filter(Boolean).length;
}

/** Whether "mine" means anything: who has neither a unit to act for nor streets sees all alike. */
export const hasOwn = (me: Me) => (me.role === "handler" && me.unit !== null) || me.streets.length > 0;

/** Whether the case is of one's business: what was reported and photographed of it is for those alone. */
export const mayWorkOn = (one: Case, me: Me) =>
  me.role === "admin" || (me.role !== "viewer" && isMine(one, me));

function isMine(one: Case, me: Me): boolean {
  if (me.role === "handler" && one.unit !== me.unit) return false;
  return me.streets.length === 0 || (one.street !== null && me.streets.includes(one.street));
}

export function isOverdue(one: Case, now: number): boolean {
  if (!one.filing) return false;
  const at = one.stopped_at === null ? now : Date.parse(one.stopped_at);
  return at > Date.parse(one.filing.deadline);
}

function fits(one: Case, filter: CaseFilter, me: Me, now: number): boolean {
  const words = filter.words.trim().toLowerCase();
  return (
    (filter.type === "" || one.type === filter.type) &&
    (filter.street === "" || one.street === filter.street) &&
    (filter.unit === "" || one.unit === filter.unit) &&
    (filter.source === "" || one.source === filter.source) &&
    (!filter.supervised || one.supervision > 0) &&
    (!filter.overdue || isOverdue(one, now)) &&
    (!filter.mine || isMine(one, me)) &&
    (words === "" || one.id.toLowerCase().includes(words) || one.subject.toLowerCase().includes(words))
  );
}

/** A case that was voided is over as one that was closed is, and is listed with those. */
const isAt = (one: Case, stage: CaseStage | "") =>
  stage === "" || stage === "closed"
    ? (one.state === "closed") === (stage === "closed")
    : one.stage === stage;

/** Above any time that a case may have, ms. */
const LONG_MS = 1e15;

/** What is urgent and still so is 0; what has recovered, or been handled, waits for its check alone. */
function urgency(one: Case): number {
  const waits = one.state !== "open" || one.stage === "handled" || one.stage === "verifying";
  return waits ? SEVERITIES.length : SEVERITIES.indexOf(severityOf(one));
}

/** What the list is in the order of, ascending; negative where the latest come first. */
const KEY: Record<Sort, (one: Case) => number> = {
  urgency: (one) => urgency(one) * LONG_MS - Date.parse(one.opened_at),
  opened_at: (one) => -Date.parse(one.opened_at),
  changed_at: (one) => -Date.parse(one.changed_at),
  deadline: (one) => (one.filing ? Date.parse(one.filing.deadline) : Infinity),
};
const IDS_UPWARDS: Record<Sort, boolean> = { urgency: false, opened_at: false, changed_at: false, deadline: true };

const compare = <T extends number | string>(a: T, b: T) => (a === b ? 0 : a < b ? -1 : 1);

/**
 * As the server sorts them: ties by the id, so that the order is always the same. There may be tens
 * of thousands, so each time is read once and not at every comparison.
 */
function sorted(cases: readonly Case[], by: Sort): Case[] {
  const keyed = cases.map((one) => ({ one, key: KEY[by](one) }));
  const upwards = IDS_UPWARDS[by] ? 1 : -1;
  keyed.sort((a, b) => compare(a.key, b.key) || upwards * compare(a.one.id, b.one.id));
  return keyed.map(({ one }) => one);
}

/** The cases at the filter's stage that fit the rest of it, in its order. */
export function listed(cases: Iterable<Case>, filter: CaseFilter, me: Me, now: number): Case[] {
  const found = [...cases].filter((one) => isAt(one, filter.stage) && fits(one, filter, me, now));
  return sorted(found, filter.sort);
}

/** How many cases are at each stage, of those that fit the rest of the filter. */
export function stageCounts(
  cases: Iterable<Case>,
  filter: CaseFilter,
  me: Me,
  now: number,
): Partial<Record<CaseStage, number>> {
  const counts: Partial<Record<CaseStage, number>> = {};
  for (const one of cases) {
    if (fits(one, filter, me, now)) counts[one.stage] = (counts[one.stage] ?? 0) + 1;
  }
  return counts;
}

/** The filter as the server is asked for cases that are over, the last to change first. */
export function queryOf(filter: CaseFilter, me: Me, cursor: string | undefined): Query {
  return {
    state: "closed",
    sort: "changed_at",
    limit: 100,
    type: filter.type || undefined,
    street: filter.street || undefined,
    unit: filter.unit || (filter.mine && me.role === "handler" ? (me.unit ?? undefined) : undefined),
    source: filter.source || undefined,
    supervised: filter.supervised ? 1 : undefined,
    overdue: filter.overdue ? "true" : undefined,
    q: filter.words.trim() || undefined,
    cursor,
  };
}

/** The values of one property and how many cases have each, the commonest first. */
export function valuesIn(
  cases: Iterable<Case>,
  property: "type" | "street" | "unit",
): [value: string, n: number][] {
  const counts = new Map<string, number>();
  for (const one of cases) {
    const value = one[property];
    if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort(([a, n], [b, m]) => m - n || a.localeCompare(b));
}

export interface Step {
  case: Case;
  event: "opened" | "recovered" | "closed";
  at: number;
}

/** When the cases were opened, recovered and closed: the last `most` of these steps, newest first. */
export function latestSteps(cases: Iterable<Case>, most: number): Step[] {
  const steps: Step[] = [];
  for (const one of cases) {
    for (const event of STEPS) {
      const at = one[`${event}_at`];
      if (at) steps.push({ case: one, event, at: Date.parse(at) });
    }
  }
  return steps.sort((a, b) => b.at - a.at).slice(0, most);
}

const STEPS = ["opened", "recovered", "closed"] as const;
