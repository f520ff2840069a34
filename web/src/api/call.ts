/** One call of the API. Every failure is a {@link ProblemError}. */

import type { Page } from "./schema";

export const BASE = "/api/v1/";

/** What is wrong with one part of what was sent; `line` of a text. */
export interface Mistake {
  name: string;
  detail: string;
  line?: number;
}

/**
 * A refused or failed call. `status` 0: the server was not reached. `detail` and `detailZh` are the
 * server's own words, empty where it had none; `mistakes` the parts that it named.
 */
export class ProblemError extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly detailZh = "",
    readonly mistakes: readonly Mistake[] = [],
  ) {
    super(detail || `HTTP ${status}`);
  }
}

/** An RFC 9457 document, or whatever else came with a status that is not a success. */
export function problemOf(status: number, document: unknown): ProblemError {
  const { title, detail, detail_zh, errors } = Object(document) as Record<string, unknown>;
  const said = [detail, title].find((text) => typeof text === "string" && text !== "");
  const saidZh = typeof detail_zh === "string" ? detail_zh : "";
  const mistakes = Array.isArray(errors) ? (errors as Mistake[]) : [];
  return new ProblemError(status, typeof said === "string" ? said : "", saidZh, mistakes);
}

let signedOut: () => void = () => undefined;

/** Says that nobody is signed in, where an answer told it otherwise than by its status. */
export const sessionEnded = () => signedOut();

/** `then` is called whenever an answer says that nobody is signed in here, or no longer. */
export function onSignedOut(then: () => void): void {
  signedOut = then;
}

export async function call<T>(path: string, init?: RequestInit): Promise<T> {
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

export function query(parameters: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  return `?${search}`;
}

/** Page after page, until there are `most` of them or no more. */
export async function pages<T>(path: string, parameters: Query, most: number) {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page: Page<T> = await call(path + query({ ...parameters, cursor }));
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && items.length < most);
  return items;
}

/** A POST of JSON. */
export const json = (body: object): RequestInit => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

/** An id, as a part of an address. */
export const part = (id: string) => encodeURIComponent(id);
