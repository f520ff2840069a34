/** What the officer looks at: a case, a segment, or nothing. */

import { computed, shallowRef } from "vue";

import type { Case } from "../api/schema";
import { reload, room } from "./room";

export type Selection = { kind: "case"; id: string } | { kind: "segment"; id: string } | null;

export const selection = shallowRef<Selection>(null);

export const selectedCase = computed(() =>
  selection.value?.kind === "case" ? (room.value.cases.get(selection.value.id) ?? null) : null,
);

/** The segment selected, or the one that the selected case is about. */
export const selectedSegment = computed(() => {
  if (selection.value?.kind === "segment") return selection.value.id;
  const subject = selectedCase.value?.subject ?? "";
  return subject.startsWith("segment:") ? subject.slice("segment:".length) : null;
});

/** The case about this very segment, if there is one that is not closed. */
function caseOfSegment(id: string): Case | undefined {
  return [...room.value.cases.values()].find(
    (one) => one.subject === `segment:${id}` && one.state !== "closed",
  );
}

export const selectCase = (id: string) => (selection.value = { kind: "case", id });

/** A case that may not be held here; nothing happens where there is none. */
export async function openCase(id: string): Promise<void> {
  if (!room.value.cases.has(id)) await reload(id).catch(() => undefined);
  if (room.value.cases.has(id)) selectCase(id);
}

/** A segment in trouble leads to its case, a sound one to itself. */
export function selectSegment(id: string): void {
  const filed = caseOfSegment(id);
  selection.value = filed ? { kind: "case", id: filed.id } : { kind: "segment", id };
}

export const clearSelection = () => (selection.value = null);
