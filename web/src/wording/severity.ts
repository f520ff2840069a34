/** How soon an officer has to look: people in danger, a duty not done, or something to watch. */

import type { Case, Severity } from "../api/schema";

export const SEVERITIES: readonly Severity[] = ["urgent", "attention", "notice"];

const OF_TYPE: Record<string, Severity> = {
  "cover.displaced": "urgent",
  "cover.flooding": "urgent",
  "station.gas_hazard": "urgent",
  "station.equipment": "urgent",
  "streetlight.segment_unlit": "urgent",
  "streetlight.degraded": "notice",
  "streetlight.day_burning": "notice",
  "device.silent": "notice",
};

/** The types of what sensors raise, as the rules name them. */
export const TYPES = [
  "streetlight.unlit",
  "streetlight.segment_unlit",
  "streetlight.day_burning",
  "streetlight.degraded",
  "cabinet.lamps_lost",
  "cover.displaced",
  "cover.rattle",
  "cover.flooding",
  "station.backlog",
  "station.odour",
  "station.gas_hazard",
  "station.leachate",
  "station.equipment",
  "device.silent",
] as const;

/** Of what no sensor raised the filing standard says it. */
export const severityOf = ({ type, source, filing }: Pick<Case, "type" | "source" | "filing">): Severity =>
  OF_TYPE[type] ?? (source === "sensor" ? null : filing?.severity) ?? "attention";
