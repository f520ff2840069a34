/** The calls of the API that the page makes. Every failure is a {@link ProblemError}. */

import type {
  Asset,
  Case,
  CaseState,
  CaseWithEvents,
  Health,
  Page,
  Readings,
  SegmentCollection,
} from "./schema";

export const BASE = "/api/v1/";

/** A refused or failed call. `status` 0: the server was not reached; `detail` as the server put it. */
export class ProblemError extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
  ) {
    super(detail || `HTTP ${status}`);
  }
}

/** The readable part of an RFC 9457 document: its detail, else its title, and the parameters at fault. */
export function problemText(document: unknown): string {
  if (typeof document !== "object" || document === null) return "";
  const { title, detail, errors } = document as Record<string, unknown>;
  const said = typeof detail === "string" && detail ? detail : title;
  const text = typeof said === "string" ? said : "";
  if (!Array.isArray(errors) || errors.length === 0) return text;
  const faults = errors.map((fault: unknown) =>
    typeof fault === "object" && fault !== null ? Object.values(fault).join(": ") : String(fault),
  );
  return [text, ...faults].filter(Boolean).join(" · ");
}

async function call<T>(path: string, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(BASE + path, init);
  } catch {
    throw new ProblemError(0, "");
  }
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new ProblemError(response.status, problemText(body));
  return body as T;
}

function query(parameters: Record<string, string | number | readonly string[] | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  return `?${search}`;
}

async function pages<T>(path: string, parameters: Parameters<typeof query>[0], most: number) {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page: Page<T> = await call(path + query({ ...parameters, cursor }));
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && items.length < most);
  return items;
}

const part = (id: string) => encodeURIComponent(id);

export const getHealth = () => call<Health>("health");

export const getSegments = () => call<SegmentCollection>("segments");

/** The newest `most` cases, or a page more, in the given states. */
export const getCases = (states: readonly CaseState[], most: number) =>
  pages<Case>("cases", { state: states, limit: 200 }, most);

export const getCase = (id: string) => call<CaseWithEvents>(`cases/${part(id)}`);

export const getLampsOf = (segment: string) => pages<Asset>("assets", { segment, limit: 200 }, 1000);

export const getReadings = (asset: string, from: string, to: string) =>
  call<Readings>(`assets/${part(asset)}/readings${query({ from, to })}`);

export const closeCase = (id: string, reason: string, author: string) =>
  call<Case>(`cases/${part(id)}/actions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ action: "close", reason, author }),
  });
