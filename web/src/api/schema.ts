/** What the HTTP API says, as docs/api.md has it. */

export type Kind = "streetlight" | "cabinet" | "cover" | "station";
export const KINDS: readonly Kind[] = ["streetlight", "cabinet", "cover", "station"];

export type CaseState = "open" | "recovered" | "closed";
export const CASE_STATES: readonly CaseState[] = ["open", "recovered", "closed"];

/** Where people are with a case. */
export type CaseStage =
  | "reported"
  | "filed"
  | "dispatched"
  | "handling"
  | "handled"
  | "verifying"
  | "closed"
  | "void";

export const STAGES: readonly CaseStage[] = [
  "reported",
  "filed",
  "dispatched",
  "handling",
  "handled",
  "verifying",
  "closed",
];

export type CaseSource = "sensor" | "resident" | "schedule";
export const SOURCES: readonly CaseSource[] = ["sensor", "resident", "schedule"];

/** What a person can do with a case. */
export type ActionName =
  | "file"
  | "dispatch"
  | "accept"
  | "return"
  | "request_extension"
  | "extend"
  | "refuse_extension"
  | "suspend"
  | "resume"
  | "handle"
  | "check"
  | "confirm"
  | "rework"
  | "override"
  | "void"
  | "supervise"
  | "unsupervise"
  | "note";

/** An action with what is said with it; times are RFC 3339. */
export interface ActionBody {
  action: ActionName;
  reason?: string;
  code?: string;
  condition?: string;
  unit?: string;
  until?: string;
  result?: string;
  level?: number;
  term?: string;
  form?: Record<string, string | number>;
}

export type Evidence = Record<string, unknown>;

export interface Words {
  zh: string;
  en: string;
}

export type ClockKind = "urgent_hour" | "working_hour" | "working_day" | "natural_day";

export type Severity = "urgent" | "attention" | "notice";

/** A row of the standard; an action and a plan name it by `code` and `condition_key`. */
export interface StandardRow {
  code: string;
  name: Words;
  condition_key: string;
  condition: Words;
  closed_when: Words;
  severity: Severity;
  limit: number;
  clock: ClockKind;
  table: string;
  kind: Kind | null;
  owner: Words;
  local: boolean;
}

/** The row of the standard that a case is filed under; `limit` is in the unit of `clock`. */
export interface Filing {
  code: string;
  name: Words;
  condition: Words;
  condition_key: string;
  closed_when: Words | null;
  severity: Severity | null;
  limit: number;
  clock: ClockKind;
  deadline: string;
  overdue: boolean;
}

export interface Case {
  id: string;
  type: string;
  subject: string;
  source: CaseSource;
  state: CaseState;
  stage: CaseStage;
  how: string | null;
  unit: string | null;
  handler: string | null;
  street: string | null;
  cell: string | null;
  previous: string | null;
  extensions: number;
  reworks: number;
  supervision: number;
  reports: number;
  opened_at: string;
  dispatched_at: string | null;
  accepted_at: string | null;
  handled_at: string | null;
  recovered_at: string | null;
  verified_at: string | null;
  closed_at: string | null;
  stopped_at: string | null;
  changed_at: string;
  paused_since: string | null;
  suspended_until: string | null;
  extension_asked_at: string | null;
  pauses: [from: string, to: string][];
  members: string[];
  cause: string;
  evidence: Evidence;
  rule: { name: string; version: string };
  filing: Filing | null;
  lon: number | null;
  lat: number | null;
  version: number;
}

/** A case with what the caller may do with it; in the stream a case has neither. */
export interface OwnCase extends Case {
  proposed_unit: string | null;
  possible: ActionName[];
}

export interface CaseEvent {
  seq: number;
  case: string;
  at: string;
  event: string;
  type: string;
  subject: string;
  members: string[];
  cause: string;
  evidence: Evidence;
  author: string;
}

export interface CaseWithEvents extends OwnCase {
  events: CaseEvent[];
}

export type Level = "district" | "street" | "community" | "grid" | "courtyard";

/** A cell of the grid of responsibility. */
export interface Cell {
  code: string;
  name: string;
  level: Level;
  parent: string | null;
  responsible: string | null;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

/** What a segment's lamps do now; `state` is the rules' word for the whole of it. */
export interface SegmentState {
  state: string;
  lit: number;
  dark: number;
  off: number;
  silent: number;
  unknown: number;
}

export interface SegmentProperties extends SegmentState {
  id: string;
  road: string | null;
  lamps: number;
  case: string | null;
}

export type SegmentFeature = GeoJSON.Feature<GeoJSON.LineString | GeoJSON.Point, SegmentProperties>;
export type SegmentCollection = GeoJSON.FeatureCollection<
  GeoJSON.LineString | GeoJSON.Point,
  SegmentProperties
>;

export interface Asset {
  id: string;
  kind: Kind;
  name: string;
  lon: number;
  lat: number;
  state: string;
  last_seen: string | null;
  seq?: number | null;
  road?: string | null;
  segment?: string | null;
}

/** What a device measured, and when. */
export interface Latest {
  at: string;
  values: Evidence;
}

/** One facility with what it said last and its cases that are not closed. */
export interface AssetDetails extends Asset {
  grid: string | null;
  owner: string | null;
  gateway: string | null;
  circuit?: string | null;
  latest: Latest | null;
  latest_by_circuit?: Record<string, Latest>;
  cases: Case[];
}

export interface Readings {
  asset: string;
  units: Record<string, string>;
  ts: number[];
  columns: Record<string, (number | boolean | string | string[] | null)[]>;
}

/** The spans of working time, ms, in the order of time. */
export interface WorkingCalendar {
  timezone: string;
  working_day_ms: number;
  working: [from: number, to: number][];
}

export interface Problem {
  service: string;
  code: string;
  zh: string;
  en: string;
}

export type Role = "viewer" | "operator" | "dispatcher" | "handler" | "supervisor" | "admin";

export const ROLES: readonly Role[] = ["viewer", "operator", "dispatcher", "handler", "supervisor", "admin"];

/** Who is signed in. */
export interface Me {
  name: string;
  role: Role;
  unit: string | null;
  streets: string[];
}

export interface Health {
  status: "ok" | "degraded";
  now: string;
  clock: { virtual: boolean; speed: number };
  site: { area: string; timezone: string };
  problems: Problem[];
}

export type StateCounts = Partial<Record<Kind, Record<string, number>>>;
/** `overdue` are those of the open ones that are past their deadline. */
export type CaseCounts = Record<CaseState | "overdue", number>;

/** `event: state` of the stream. */
export interface StateMessage {
  now: string;
  counts: StateCounts;
  cases: CaseCounts;
  segments: Record<string, SegmentState>;
}

/** `event: case` of the stream. */
export interface CaseMessage {
  event: CaseEvent;
  case: Case;
}
