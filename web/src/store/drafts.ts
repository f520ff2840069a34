/** What was typed into the forms of each case: kept while the page is open, until it was sent. */

import { reactive } from "vue";

import type { ActionName } from "../api/schema";
import { type Draft, EMPTY_DRAFT } from "./actions";

export interface HeldDraft {
  /** The form that is open; null where none is. */
  action: ActionName | null;
  /** The version of the case that its form was opened on, or was last shown to have changed to. */
  version: number;
  fields: Draft;
  answers: Record<string, string | number>;
}

const drafts = reactive(new Map<string, HeldDraft>());

export function draftOf(id: string): HeldDraft {
  const held = drafts.get(id);
  if (held) return held;
  drafts.set(id, { action: null, version: 0, fields: { ...EMPTY_DRAFT }, answers: {} });
  return drafts.get(id) as HeldDraft;
}

export const forgetDraft = (id: string) => drafts.delete(id);
