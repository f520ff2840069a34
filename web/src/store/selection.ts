/** What the officer looks at: a case, a segment, a facility, a cell of the grid, or nothing. */

import { computed, shallowRef } from "vue";

import type { Case } from "../api/schema";
import { reload, room } from "./room";

/** Where something is that the map does not draw by itself; null where that is not known yet. */
export type Point = readonly [lon: number, lat: number] | null;

export type Selection =
  | { kind: "case"; id: string }
  | { kind: "segment"; id: string }
  | { kind: "asset"; id: string; point: Point }
  | { kind: "cell"; id: string; point: Point }
  | null;

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

/** A facility; where it lies is said, or told by its own panel once it knows. */
export const selectAsset = (id: string, point: Point = null) => (selection.value = { kind: "asset", id, point });

export const selectCell = (id: string, point: Point) => (selection.value = { kind: "cell", id, point });

/** The place of a facility or a cell that is looked at. */
export const selectedPoint = computed(() =>
  selection.value?.kind === "asset" || selection.value?.kind === "cell" ? selection.value.point : null,
);

/** A segment in trouble leads to its case, a sound one to itself. */
export function selectSegment(id: string): void {
  const filed = caseOfSegment(id);
  selection.value = filed ? { kind: "case", id: filed.id } : { kind: "segment", id };
}

export const clearSelection = () => (selection.value = null);
