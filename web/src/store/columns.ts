/** Columns of readings as lines of a chart. */

import type { Readings } from "../api/schema";

type Column = Readings["columns"][string];

const drawable = (column: Column) =>
  column.some((value) => typeof value === "number" || typeof value === "boolean");

/** The fields that can be drawn and have a value, the preferred ones first. */
export function fieldsOf(readings: Readings, prefer: readonly string[]): string[] {
  const rank = (field: string) => (prefer.includes(field) ? prefer.indexOf(field) : prefer.length);
  return Object.keys(readings.columns)
    .filter((field) => drawable(readings.columns[field] ?? []))
    .sort((a, b) => rank(a) - rank(b));
}

/** Points of one field; readings that do not have it are passed over. On/off becomes 1/0, stepped. */
export function pointsOf(
  readings: Readings,
  field: string,
): { points: [number, number][]; step: boolean } {
  const column = readings.columns[field] ?? [];
  const points = readings.ts.flatMap((ms, i): [number, number][] => {
    const value = column[i];
    if (typeof value === "number") return [[ms, value]];
    return typeof value === "boolean" ? [[ms, value ? 1 : 0]] : [];
  });
  return { points, step: column.some((value) => typeof value === "boolean") };
}

const OF_TYPE: Record<string, readonly string[]> = {
  "cover.displaced": ["tilt_deg"],
  "cover.rattle": ["hits", "vib_peak_g", "passes"],
  "cover.flooding": ["water_m"],
  "station.backlog": ["stock_t", "inbound_t", "outbound_t"],
  "station.odour": ["odour", "h2s_mg_m3", "nh3_mg_m3"],
  "station.gas_hazard": ["h2s_mg_m3", "nh3_mg_m3"],
  "station.leachate": ["leachate_pct"],
  "station.equipment": ["motor_temp_c", "hydraulic_mpa"],
};

const OF_ANY = ["power_w", "tilt_deg", "stock_t", "voltage_v"] as const;

/** What to look at first in the readings of a case's device. */
export const preferredFields = (type: string): readonly string[] => OF_TYPE[type] ?? OF_ANY;
