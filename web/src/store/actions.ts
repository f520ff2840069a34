/** What each action needs and may have, as docs/api.md has it, and how prominent it is. */

import type { ActionBody, ActionName } from "../api/schema";

export type ActionField = "code" | "condition" | "unit" | "until" | "result" | "level" | "term" | "reason";

interface Entry {
  needs: readonly ActionField[];
  takes: readonly ActionField[];
}

const bare: Entry = { needs: [], takes: ["reason"] };
const reasoned: Entry = { needs: ["reason"], takes: [] };

export const ACTIONS: Record<ActionName, Entry> = {
  file: { needs: [], takes: ["code", "condition", "reason"] },
  dispatch: { needs: ["unit"], takes: ["reason"] },
  accept: bare,
  return: reasoned,
  request_extension: reasoned,
  extend: bare,
  refuse_extension: reasoned,
  suspend: { needs: ["until", "reason"], takes: [] },
  resume: bare,
  handle: { needs: ["result"], takes: ["reason"] },
  check: bare,
  confirm: bare,
  rework: reasoned,
  override: reasoned,
  void: reasoned,
  supervise: { needs: ["level", "reason"], takes: ["term"] },
  unsupervise: bare,
  note: reasoned,
};

/** Those that move a case along, in the order they are offered; the others stand behind them. */
export const LEADING: readonly ActionName[] = [
  "file",
  "dispatch",
  "accept",
  "handle",
  "check",
  "confirm",
  "rework",
  "extend",
  "refuse_extension",
  "resume",
];

/** What was typed into a form; times as RFC 3339 or empty, a level as its digit or empty. */
export type Draft = Record<ActionField, string>;

export const EMPTY_DRAFT: Draft = { code: "", condition: "", unit: "", until: "", result: "", level: "", term: "", reason: "" };

/** The needed fields that are empty. */
export const missing = (action: ActionName, draft: Draft): ActionField[] =>
  ACTIONS[action].needs.filter((field) => draft[field].trim() === "");

/** What is sent: only what the action takes and somebody said. */
export function bodyOf(
  action: ActionName,
  draft: Draft,
  answers?: Record<string, string | number>,
): ActionBody {
  const { needs, takes } = ACTIONS[action];
  const said = [...needs, ...takes].flatMap((field): [string, string | number][] => {
    const text = draft[field].trim();
    if (text === "") return [];
    return [[field, field === "level" ? Number(text) : text]];
  });
  return { action, ...Object.fromEntries(said), ...(answers ? { form: answers } : {}) };
}
