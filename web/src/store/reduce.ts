/** The state of the room, and how each thing heard changes it. Pure: the time is in the action. */

import type {
  Case,
  CaseCounts,
  CaseMessage,
  Health,
  SegmentCollection,
  SegmentFeature,
  SegmentState,
  StateCounts,
  StateMessage,
} from "../api/schema";
import { appendSample, type Sample } from "./history";

/** `at` is milliseconds of this machine; `now` the system's own time at that moment. */
export interface ClockReading {
  now: number;
  at: number;
  speed: number;
}

export interface RoomState {
  line: "connecting" | "live" | "lost";
  /** When a state message was last heard, ms of this machine. */
  heardAt: number | null;
  clock: ClockReading | null;
  health: Health | null;
  counts: StateCounts;
  caseCounts: CaseCounts | null;
  /** Where segments run; what they do is in `segmentStates`, which the stream renews. */
  shapes: ReadonlyMap<string, SegmentFeature>;
  segmentStates: ReadonlyMap<string, SegmentState>;
  cases: ReadonlyMap<string, Case>;
  /** Cases opened or relapsed while this page was open → when, ms of this machine. */
  announced: ReadonlyMap<string, number>;
  /** Cases heard of on the stream since the last snapshot was asked for. */
  sinceAsked: ReadonlySet<string>;
  /** The number of the last case event heard; one that comes twice is announced once. */
  lastSeq: number;
  history: readonly Sample[];
}

export type Action =
  | { type: "connected" }
  | { type: "lost" }
  | { type: "state"; message: StateMessage; at: number }
  | { type: "case"; message: CaseMessage; at: number }
  | { type: "casesAsked" }
  | { type: "cases"; cases: readonly Case[] }
  | { type: "found"; cases: readonly Case[] }
  | { type: "segments"; collection: SegmentCollection }
  | { type: "health"; health: Health; at: number };

export const EMPTY: RoomState = {
  line: "connecting",
  heardAt: null,
  clock: null,
  health: null,
  counts: {},
  caseCounts: null,
  shapes: new Map(),
  segmentStates: new Map(),
  cases: new Map(),
  announced: new Map(),
  sinceAsked: new Set(),
  lastSeq: 0,
  history: [],
};

export function reduce(room: RoomState, action: Action): RoomState {
  switch (action.type) {
    case "connected":
      return { ...room, line: "live" };
    case "lost":
      return { ...room, line: "lost" };
    case "state":
      return withState(room, action.message, action.at);
    case "case":
      return withCase(room, action.message, action.at);
    case "casesAsked":
      return { ...room, sinceAsked: new Set() };
    case "cases":
      return { ...room, cases: withSnapshot(room, action.cases) };
    case "found":
      return withFound(room, action.cases);
    case "segments":
      return withSegments(room, action.collection);
    case "health": {
      const { health, at } = action;
      const { speed } = health.clock;
      // While the stream is followed it tells the time, and more often.
      const clock =
        room.line === "live" && room.clock
          ? { ...room.clock, speed }
          : { now: Date.parse(health.now), at, speed };
      return { ...room, health, clock };
    }
  }
}

function withState(room: RoomState, message: StateMessage, at: number): RoomState {
  const now = Date.parse(message.now);
  const changed = Object.entries(message.segments);
  return {
    ...room,
    line: "live",
    heardAt: at,
    clock: { now, at, speed: room.clock?.speed ?? 1 },
    counts: message.counts,
    caseCounts: message.cases,
    segmentStates: changed.length
      ? new Map([...room.segmentStates, ...changed])
      : room.segmentStates,
    history: appendSample(room.history, {
      at: now,
      open: message.cases.open,
      dark: message.counts.streetlight?.["dark"] ?? 0,
      silent: message.counts.streetlight?.["silent"] ?? 0,
      lit: message.counts.streetlight?.["lit"] ?? 0,
    }),
  };
}

function withCase(room: RoomState, { event, case: heard }: CaseMessage, at: number): RoomState {
  const held = room.cases.get(heard.id);
  const starts = event.event === "opened" || event.event === "relapsed";
  const announce = starts && event.seq > room.lastSeq;
  const overtaken = held !== undefined && held.version > heard.version;
  return {
    ...room,
    cases: overtaken ? room.cases : new Map(room.cases).set(heard.id, heard),
    caseCounts: overtaken ? room.caseCounts : recounted(room.caseCounts, held, heard),
    sinceAsked: new Set(room.sinceAsked).add(heard.id),
    announced: announce ? new Map(room.announced).set(heard.id, at) : room.announced,
    lastSeq: Math.max(room.lastSeq, event.seq),
  };
}

/** Cases that were asked for one by one or page by page, or that an action answered with. */
function withFound(room: RoomState, found: readonly Case[]): RoomState {
  const cases = new Map(room.cases);
  let counts = room.caseCounts;
  for (const one of found) {
    const held = cases.get(one.id);
    if (held && held.version >= one.version) continue;
    if (held) counts = recounted(counts, held, one);
    cases.set(one.id, one);
  }
  return { ...room, cases, caseCounts: counts };
}

/** The counts with one case moved, so that they agree with the list until the server counts again. */
function recounted(counts: CaseCounts | null, held: Case | undefined, heard: Case) {
  if (!counts) return null;
  const next = { ...counts };
  if (held) next[held.state]--;
  next[heard.state]++;
  return next;
}

/** The snapshot, except where the stream has told something newer since it was asked for. */
function withSnapshot(room: RoomState, cases: readonly Case[]): Map<string, Case> {
  const next = byId(cases);
  for (const id of room.sinceAsked) {
    const heard = room.cases.get(id);
    if (heard && heard.version > (next.get(id)?.version ?? -1)) next.set(id, heard);
  }
  return next;
}

function withSegments(room: RoomState, collection: SegmentCollection): RoomState {
  const shapes = new Map(collection.features.map((one) => [one.properties.id, one]));
  const asked = collection.features.map(({ properties }): [string, SegmentState] => [
    properties.id,
    properties,
  ]);
  return { ...room, shapes, segmentStates: new Map([...asked, ...room.segmentStates]) };
}

const byId = (cases: readonly Case[]) => new Map(cases.map((one) => [one.id, one]));
