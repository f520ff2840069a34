/** The calls of the API about facilities, cases and sessions. Every failure is a ProblemError. */

import { call, json, pages, part, ProblemError, type Query, query, sessionEnded } from "./call";
import type {
  ActionBody,
  Asset,
  AssetDetails,
  CaseState,
  CaseWithEvents,
  Health,
  Me,
  OwnCase,
  Page,
  Readings,
  SegmentCollection,
  WorkingCalendar,
} from "./schema";

/** How the services are; who is not signed in is told no more than whether they are well. */
export async function getHealth(): Promise<Health> {
  const health = await call<Health | Pick<Health, "status">>("health");
  if ("now" in health) return health;
  sessionEnded();
  throw new ProblemError(401, "");
}

export const getMe = () => call<Me>("me");

export const signIn = (username: string, password: string) =>
  call<Me>("session", { method: "POST", body: new URLSearchParams({ username, password }) });

export const signInOnce = (key: string) => call<Me>("session/once", json({ key }));

export const signOut = () => call<null>("session", { method: "DELETE" });

export const getSegments = () => call<SegmentCollection>("segments");

/** A page of the cases in the given states, the newest first. */
export const getNewestCases = (states: readonly CaseState[], cursor: string | undefined) =>
  getCasePage({ state: states, limit: 1_000, cursor });

export const getCase = (id: string) => call<CaseWithEvents>(`cases/${part(id)}`);

/** The working time between two times, ms. */
export const getCalendar = (from: number, to: number) =>
  call<WorkingCalendar>(
    `calendar${query({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })}`,
  );

export const getLampsOf = (segment: string) => pages<Asset>("assets", { segment, limit: 500 }, 1000);

export const getAsset = (id: string) => call<AssetDetails>(`assets/${part(id)}`);

export const getReadings = (asset: string, from: string, to: string) =>
  call<Readings>(`assets/${part(asset)}/readings${query({ from, to })}`);

/** One page of the cases that fit what is asked. */
export const getCasePage = (asked: Query) => call<Page<OwnCase>>(`cases${query(asked)}`);

/** Does something with the case of that version; a ProblemError 412 where it has changed since. */
export function act(id: string, version: number, body: ActionBody): Promise<OwnCase> {
  const request = json(body);
  const headers = { ...request.headers, "If-Match": `"${version}"` };
  return call<OwnCase>(`cases/${part(id)}/actions`, { ...request, headers });
}
