/** The cases that are over, asked for page by page: there are too many to hold them all. */

import { readonly, ref } from "vue";

import { getCasePage } from "../api/client";
import type { Me } from "../api/schema";
import { type CaseFilter, queryOf } from "./listing";
import { hold } from "./room";

const loading = ref(false);
const fault = ref<unknown>(null);
/** Older than this, ms, not everything has been asked for yet; null where all has. */
const known = ref<number | null>(Infinity);

let cursor: string | undefined;
let turn = 0;

export const ended = {
  loading: readonly(loading),
  fault: readonly(fault),
  knownFrom: readonly(known),
};

/** Begins anew with the first page for this filter. */
export async function askEnded(filter: CaseFilter, me: Me): Promise<void> {
  turn += 1;
  cursor = undefined;
  known.value = Infinity;
  loading.value = false;
  await moreEnded(filter, me);
}

/** The next page; nothing where it is being asked for, or was the last. */
export async function moreEnded(filter: CaseFilter, me: Me): Promise<void> {
  if (loading.value || known.value === null) return;
  const mine = turn;
  loading.value = true;
  fault.value = null;
  try {
    const page = await getCasePage(queryOf(filter, me, cursor));
    if (mine !== turn) return;
    hold(page.items);
    cursor = page.next ?? undefined;
    const last = page.items.at(-1);
    known.value = cursor === undefined || !last ? null : Date.parse(last.changed_at);
  } catch (failure) {
    if (mine === turn) fault.value = failure;
  } finally {
    if (mine === turn) loading.value = false;
  }
}
