/** The calls of the API that the page makes. Every failure is a {@link ProblemError}. */

import type {
  ActionBody,
  Asset,
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

export const BASE = "/api/v1/";

/**
 * A refused or failed call. `status` 0: the server was not reached. `detail` and `detailZh` are the
 * server's own words, empty where it had none.
 */
export class ProblemError extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly detailZh = "",
  ) {
    super(detail || `HTTP ${status}`);
  }
}

/** An RFC 9457 document, or whatever else came with a status that is not a success. */
export function problemOf(status: number, document: unknown): ProblemError {
  const { title, detail, detail_zh } = Object(document) as Record<string, unknown>;
  const said = [detail, title].find((text) => typeof text === "string" && text !== "");
  const saidZh = typeof detail_zh === "string" ? detail_zh : "";
  return new ProblemError(status, typeof said === "string" ? said : "", saidZh);
}

let signedOut: () => void = () => undefined;

/** `then` is called whenever an answer says that nobody is signed in here, or no longer. */
export function onSignedOut(then: () => void): void {
  signedOut = then;
}

async function call<T>(path: string, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(BASE + path, init);
  } catch {
    throw new ProblemError(0, "");
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.status === 401) signedOut();
  if (!response.ok) throw problemOf(response.status, body);
  return body as T;
}

export type Query = Record<string, string | number | readonly string[] | undefined>;

function query(parameters: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  return `?${search}`;
}

async function pages<T>(path: string, parameters: Query, most: number) {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page: Page<T> = await call(path + query({ ...parameters, cursor }));
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && items.length < most);
  return items;
}

const json = (body: object): RequestInit => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

const part = (id: string) => encodeURIComponent(id);

/** How the services are; who is not signed in is told no more than whether they are well. */
export async function getHealth(): Promise<Health> {
  const health = await call<Health | Pick<Health, "status">>("health");
  if ("now" in health) return health;
  signedOut();
  throw new ProblemError(401, "");
}

export const getMe = () => call<Me>("me");

export const signIn = (username: string, password: string) =>
  call<Me>("session", { method: "POST", body: new URLSearchParams({ username, password }) });

export const signInOnce = (key: string) => call<Me>("session/once", json({ key }));

export const signOut = () => call<null>("session", { method: "DELETE" });

export const getSegments = () => call<SegmentCollection>("segments");

/** The newest `most` cases, or a page more, in the given states. */
export const getCases = (states: readonly CaseState[], most: number) =>
  pages<OwnCase>("cases", { state: states, limit: 500 }, most);

export const getCase = (id: string) => call<CaseWithEvents>(`cases/${part(id)}`);

/** The working time between two times, ms. */
export const getCalendar = (from: number, to: number) =>
  call<WorkingCalendar>(
    `calendar${query({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })}`,
  );

export const getLampsOf = (segment: string) => pages<Asset>("assets", { segment, limit: 500 }, 1000);

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
