/** Rulebooks and backtests: their calls and shapes (docs/api.md). */

import { call, json, part } from "./call";

export interface BookVersion {
  version: string;
  since: string;
}

export interface Books {
  in_use: string;
  built_in: string;
  items: BookVersion[];
}

/** A figure as TOML has it; `line` of the own text, null where it is the built-in one. */
export interface Figure {
  name: string;
  value: unknown;
  built_in: unknown;
  line: number | null;
}

export interface Section {
  name: string;
  figures: Figure[];
}

export interface Book {
  version: string;
  own: string;
  sections: Section[];
}

export interface Counts {
  opened: number;
  relapsed: number;
  recovered: number;
  merged: number;
  standing: number;
}

/** Alarms for each operator. */
export interface Ringing {
  per_operator_hour: number;
  worst_hour: number;
  worst_hour_at: string | null;
  flood_minutes: number;
}

export interface TriedBook {
  version: string;
  total: Counts;
  by_type: Record<string, Counts>;
  by_street: Record<string, number>;
  by_day: Record<string, number>;
  ringing: Ringing;
}

/** A case that only one of the books has; `to` null where it was not over at the end. */
export interface OneCase {
  type: string;
  subject: string;
  street: string;
  from: string;
  to: string | null;
}

export interface Result {
  from: string;
  to: string;
  readings: number;
  operators: number;
  live: TriedBook;
  draft: TriedBook;
  gained: number;
  lost: number;
  gained_cases: OneCase[];
  lost_cases: OneCase[];
}

export interface Backtest {
  id: string;
  state: "running" | "done" | "failed" | "cancelled";
  author: string;
  started_at: string;
  from: string;
  to: string;
  live: string;
  draft: string;
  progress: number;
  readings: number;
  error: string;
  result: Result | null;
}

export interface Draft {
  rulebook: string;
  from: string;
  to: string;
  operators: number;
}

export const getBooks = () => call<Books>("rulebooks");
export const getBook = (version: string) => call<Book>(`rulebooks/${part(version)}`);

/** Without their results. */
export const getBacktests = () =>
  call<{ items: Backtest[] }>("backtests").then(({ items }) => items);
export const getBacktest = (id: string) => call<Backtest>(`backtests/${part(id)}`);
/** A ProblemError with the lines of its mistakes where the draft has some. */
export const beginBacktest = (draft: Draft) => call<Backtest>("backtests", json(draft));
export const cancelBacktest = (id: string) =>
  call<Backtest>(`backtests/${part(id)}`, { method: "DELETE" });
