/** Evidence as rows of a table: units and times are read from the names of its keys. */

import type { Case, CaseSource, Evidence } from "../api/schema";

export type Shown =
  | { as: "number"; value: number; unit: string }
  | { as: "time"; ms: number }
  | { as: "span"; ms: number }
  | { as: "flag"; value: boolean }
  | { as: "word"; word: string }
  | { as: "list"; items: Shown[]; more: number }
  | { as: "none" };

export interface Row {
  /** The key, with those above it: `reference.power_w`. */
  path: string[];
  shown: Shown;
}

/** Endings of the project's names, the longest first. */
const UNITS: readonly [ending: string, unit: string][] = [
  ["_mg_m3", "mg/m³"],
  ["_t_day", "t/d"],
  ["_kwh", "kWh"],
  ["_mpa", "MPa"],
  ["_pct", "%"],
  ["_deg", "°"],
  ["_hz", "Hz"],
  ["_ma", "mA"],
  ["_w", "W"],
  ["_v", "V"],
  ["_a", "A"],
  ["_c", "°C"],
  ["_m", "m"],
  ["_t", "t"],
  ["_g", "g"],
];

const MOST_ITEMS = 8;
/** Milliseconds since 1970 are above this from 1973 on; no span in evidence is that long. */
const EARLIEST_MS = 1e11;
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/** The unit that a key ends with; none where it has no such ending. */
export const unitOf = (key: string) => UNITS.find(([ending]) => key.endsWith(ending))?.[1] ?? "";

/** Measurements that are yes or no; inside the system they are numbers. */
const SWITCHES = new Set(["on", "contactor", "door_open", "fire", "estop", "online"]);

function shownNumber(key: string, value: number): Shown {
  if (SWITCHES.has(key) && (value === 0 || value === 1)) return { as: "flag", value: value === 1 };
  if (Math.abs(value) >= EARLIEST_MS) return { as: "time", ms: value };
  if (key.endsWith("_ms")) return { as: "span", ms: value };
  if (key.endsWith("_s")) return { as: "span", ms: value * 1_000 };
  if (key.endsWith("_min")) return { as: "span", ms: value * 60_000 };
  return { as: "number", value, unit: unitOf(key) };
}

export function shown(key: string, value: unknown): Shown {
  if (value === null || value === undefined || value === "") return { as: "none" };
  if (typeof value === "boolean") return { as: "flag", value };
  if (typeof value === "number") return shownNumber(key, value);
  if (Array.isArray(value)) {
    const items = value.slice(0, MOST_ITEMS).map((item) => shown(key, item));
    return items.length
      ? { as: "list", items, more: value.length - items.length }
      : { as: "none" };
  }
  if (typeof value === "object") return { as: "word", word: JSON.stringify(value) };
  const text = String(value);
  return RFC_3339.test(text) ? { as: "time", ms: Date.parse(text) } : { as: "word", word: text };
}

/** What the page says elsewhere: of a report in its own section, of a schedule as the subject. */
const ELSEWHERE: Record<CaseSource, readonly string[]> = {
  sensor: [],
  resident: ["report", "channel", "service"],
  schedule: ["schedule", "purpose", "group", "form"],
};

/** The evidence of a case, without what is shown elsewhere. */
export const evidenceOf = ({ source, evidence }: Pick<Case, "source" | "evidence">): Evidence =>
  Object.fromEntries(Object.entries(evidence).filter(([key]) => !ELSEWHERE[source].includes(key)));

export function evidenceRows(evidence: Evidence, above: string[] = []): Row[] {
  return Object.entries(evidence).flatMap(([key, value]): Row[] => {
    const path = [...above, key];
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? evidenceRows(value as Evidence, path)
      : [{ path, shown: shown(key, value) }];
  });
}

/** At most three significant decimals, no exponent for anything a device measures. */
export function numberText(value: number, language: string): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3;
  return value.toLocaleString(language === "zh" ? "zh-CN" : "en-GB", {
    maximumFractionDigits: digits,
  });
}
