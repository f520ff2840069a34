/** Things as the API sends them, with what a test cares about. */

import type { Case, CaseEvent, CaseMessage, Filing, SegmentFeature, StateMessage } from "../src/api/schema";

export const aCase = (some: Partial<Case> = {}): Case => ({
  id: "C-1",
  type: "streetlight.unlit",
  subject: "streetlight:L-1",
  source: "sensor",
  state: "open",
  stage: "filed",
  how: null,
  unit: null,
  handler: null,
  street: null,
  cell: null,
  previous: null,
  extensions: 0,
  reworks: 0,
  supervision: 0,
  reports: 0,
  opened_at: "2026-06-21T12:00:00Z",
  dispatched_at: null,
  accepted_at: null,
  handled_at: null,
  recovered_at: null,
  verified_at: null,
  closed_at: null,
  stopped_at: null,
  changed_at: "2026-06-21T12:00:00Z",
  paused_since: null,
  suspended_until: null,
  extension_asked_at: null,
  pauses: [],
  members: ["L-1"],
  cause: "lamp",
  evidence: {},
  rule: { name: "unlit", version: "1" },
  filing: null,
  lon: 113.69,
  lat: 34.78,
  version: 1,
  ...some,
});

export const aFiling = (some: Partial<Filing> = {}): Filing => ({
  code: "0137",
  name: { zh: "路灯", en: "Street light" },
  condition: { zh: "路灯不亮", en: "a lamp is out" },
  condition_key: "out",
  limit: 2,
  closed_when: null,
  severity: null,
  clock: "working_day",
  deadline: "2026-06-23T10:00:00Z",
  overdue: false,
  ...some,
});

export function heard(event: string, seq: number, some: Partial<Case> = {}): CaseMessage {
  const one = aCase(some);
  const { type, subject, members, cause, evidence } = one;
  const step: CaseEvent = {
    seq, case: one.id, at: one.opened_at, event, type, subject, members, cause, evidence, author: "rules",
  };
  return { event: step, case: one };
}

export const aState = (some: Partial<StateMessage> = {}): StateMessage => ({
  now: "2026-06-21T12:00:00Z",
  counts: { streetlight: { lit: 90, dark: 8, silent: 2 } },
  cases: { open: 3, recovered: 1, closed: 0, overdue: 0 },
  segments: {},
  ...some,
});

export const aSegment = (id: string, state: string): SegmentFeature => ({
  type: "Feature",
  geometry: { type: "LineString", coordinates: [[113.6, 34.7], [113.7, 34.8]] },
  properties: {
    id, road: "花园路", lamps: 10, state, lit: 10, dark: 0, off: 0, silent: 0, unknown: 0, case: null,
  },
});
