/** Supervision, schedules, warnings, shelvings and figures: their calls and shapes (docs/api.md). */

import { BASE, call, json, part, query } from "./call";
import type { Evidence, OwnCase, Page } from "./schema";

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

export interface Schedule {
  id: string;
  name: string;
  purpose: string;
  rule: string;
  start: string;
  per: string;
  unit: string;
  active: boolean;
  next_at: string | null;
}

export interface Proposal {
  type: string;
  subject: string;
  street: string | null;
  times: number;
  last_at: string;
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

/** The streets of the grid; one of each is null, for what is in none. */
export const getStreets = () =>
  items<{ street: string | null; name: string | null }>("coverage/streets");

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
