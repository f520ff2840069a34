/** Supervision, schedules, warnings, shelvings and figures: their calls and shapes (docs/api.md). */

import { BASE, call, json, part, query } from "./call";
import type { Cell, Evidence, Kind, OwnCase, Page, StandardRow, Words } from "./schema";

export interface SupervisionCause {
  cause: string;
  level: number;
  since: string;
  term: string | null;
  told: string | null;
  author: string;
}

export interface Supervised {
  case: OwnCase;
  level: number;
  since: string;
  causes: SupervisionCause[];
}

/** Assets of which all of this is true; what is empty does not narrow. */
export interface Selection {
  kind: Kind | null;
  area: string;
  streets: string[];
  roads: string[];
  ids: string[];
}

export const FIELD_KINDS = ["text", "number", "choice", "photo"] as const;

/** One field of the form that a schedule's case is handed in with. */
export interface FormField {
  key: string;
  label: Words;
  kind: (typeof FIELD_KINDS)[number];
  required?: boolean;
  unit?: string;
  least?: number | null;
  most?: number | null;
  choices?: string[];
}

export const PURPOSES = ["inspection", "upkeep"] as const;
export const PERS = ["asset", "road", "street", "all"] as const;

/** A schedule as it is decided: `rule` is an RRULE, `start` the local time that it begins at. */
export interface Plan {
  name: string;
  purpose: (typeof PURPOSES)[number];
  rule: string;
  start: string;
  assets: Selection;
  per: (typeof PERS)[number];
  code: string;
  condition: string;
  unit: string;
  form: FormField[];
  active: boolean;
}

export interface Schedule extends Plan {
  id: string;
  next_at: string | null;
  version: number;
  changed_at: string;
  changed_by: string;
}

/** One time that a schedule was due; without a case it was missed. */
export interface Occurrence {
  at: string;
  group: string;
  case: string | null;
}

export interface Proposal {
  type: string;
  subject: string;
  street: string | null;
  times: number;
  last_at: string;
  plan: Plan;
}

export interface Warning {
  type: string;
  subject: string;
  since: string;
  due: string;
  evidence: Evidence;
}

export interface Shelving {
  id: string;
  types: string[];
  where: Record<string, string | string[]>;
  reason: string;
  author: string;
  until: string;
}

export interface ToShelve {
  types: string[];
  where: Record<string, string>;
  until: string;
  reason: string;
}

export interface LightingRate {
  night?: string | null;
  street?: string | null;
  road_class?: string | null;
  nights: number;
  rate: number | null;
  coverage: number | null;
  target?: number | null;
  lamps_dark: number;
}

export interface Lighting {
  first: string;
  last: string;
  items: LightingRate[];
  total: LightingRate | null;
}

export interface CoverageCounts {
  installed: number;
  reporting: number;
  trusted: number;
}

export interface StationDay {
  day: string;
  station: string;
  in_t: number;
  out_t: number;
  left_t: number;
}

const items = <T>(path: string) => call<{ items: T[] }>(path).then((answer) => answer.items);

export const getSupervised = (level: number, cursor?: string) =>
  call<Page<Supervised>>(`supervision${query({ level, limit: 200, cursor })}`);

export const getSchedules = () => items<Schedule>("schedules");
/** What a plan that is being written would open, and when next. */
export interface SchedulePreview {
  times: string[];
  cases: number;
  most_cases: number;
  assets: number;
}

export const previewSchedule = ({ rule, start, assets, per }: Plan) =>
  call<SchedulePreview>("schedules/preview", json({ rule, start, assets, per }));

export const addSchedule = (plan: Plan) => call<Schedule>("schedules", json(plan));

/** Puts another plan in place of that version; a ProblemError 412 where it has changed since. */
export function changeSchedule(id: string, version: number, plan: Plan): Promise<Schedule> {
  const headers = { "Content-Type": "application/json", "If-Match": `"${version}"` };
  return call(`schedules/${part(id)}`, { ...json(plan), method: "PUT", headers });
}

/** The cases that it opened stay. */
export const endSchedule = (id: string) => call<null>(`schedules/${part(id)}`, { method: "DELETE" });

export const getOccurrences = (id: string) =>
  items<Occurrence>(`schedules/${part(id)}/occurrences${query({ limit: 20 })}`);

/** The rows of the filing standard as it holds at a time, by default now. */
export const getStandard = (at?: string) => items<StandardRow>(`standard${query({ at })}`);

export const getProposals = () => items<Proposal>("schedules/proposals");
export const getWarnings = () => items<Warning>("warnings");
export const getShelvings = () => items<Shelving>("shelvings");

export const shelve = (what: ToShelve) => call<Shelving>("shelvings", json(what));
export const endShelving = (id: string) =>
  call<Shelving>(`shelvings/${part(id)}`, { method: "DELETE" });

/** Of the nights from `from` to `to`, days, both included. */
export const getLighting = (from: string, to: string, by: "night" | "street" | "road_class") =>
  call<Lighting>(`lighting${query({ from, to, by })}`);

export const getCoverage = () =>
  call<{ now: Record<string, CoverageCounts> }>("coverage").then(({ now }) => now);

export const getStationDays = (from: string, to: string) =>
  items<StationDay>(`stations/days${query({ from, to })}`);

/** Counts, and as shares of them how much is covered; a share of nothing is null. */
export interface Covered {
  cells: number;
  cells_responsible: number;
  assets: number;
  assets_in_cells: number;
  installed: number;
  trusted: number;
  assets_owned: number;
  cases: number;
  cases_with_unit: number;
  organised: number | null;
  gridded: number | null;
  monitored: number | null;
  owned: number | null;
  handled: number | null;
}

/** `street` is null for what lies in none. */
export interface CoveredStreet extends Covered {
  street: string | null;
  name: string | null;
}

/** The four full coverages by street: devices as means of the days, all else as it is now. */
export const getFourCoverages = (from: string, to: string) =>
  call<{ items: CoveredStreet[]; total: Covered }>(`coverage/streets${query({ from, to })}`);

export const COVERAGES = ["organised", "gridded", "monitored", "owned", "handled"] as const;
export type Coverage = (typeof COVERAGES)[number];

/** A cell, a facility or a case that is not covered; `kind` is its level, kind or type. */
export interface Missing {
  of: "cell" | "asset" | "case";
  id: string;
  kind: string;
  name: string;
  cell: string | null;
  point: [lon: number, lat: number] | null;
  last_seen: string | null;
}

/** What a coverage lacks now: everywhere, or of a street, null of what lies in none. */
export const getMissing = (what: Coverage, street: string | null | undefined, cursor?: string) =>
  call<Page<Missing> & { many: number }>(
    `coverage/missing${query({ what, ...(street === null ? { nowhere: "true" } : { street }), limit: 50, cursor })}`,
  );

/** Every cell, those above before those below. The browser keeps it, and asks whether it is the same. */
export const getGrid = () => items<Cell>("grid");

export type KpiBy = "street" | "unit" | "type" | "source" | "day";
export const KPI_BY: readonly KpiBy[] = ["street", "unit", "type", "source", "day"];

export type Figures = Record<string, number | null>;

export interface KpiRow {
  of: string | null;
  name: string | null;
  figures: Figures;
}

/** The indicators since a day; a null is unknown, never 0. */
export const getKpi = (from: string, by: KpiBy) =>
  call<{ items: KpiRow[]; total: Figures }>(`kpi${query({ from, by })}`);

export const kpiSheet = (from: string, by: KpiBy, lang: string) =>
  `${BASE}kpi${query({ from, by, lang, format: "csv" })}`;

export const monthlyReport = (month: string, lang: string) =>
  `${BASE}kpi/monthly/${month}${query({ lang })}`;
