/** Something that somebody wants done with a list, which is asked for again afterwards. */

import { readonly, ref, type Ref } from "vue";

import { useNames } from "../wording/names";

export interface Attempt {
  /** Does it, and answers why it could not be; empty where it could. */
  attempt(act: () => Promise<unknown>): Promise<string>;
  /** Does it, and keeps the answer as the `fault` of the list. */
  attemptHere(act: () => Promise<unknown>): Promise<void>;
  fault: Readonly<Ref<string>>;
}

export function useAttempt(again: () => Promise<void>): Attempt {
  const names = useNames();
  const fault = ref("");

  async function attempt(act: () => Promise<unknown>): Promise<string> {
    try {
      await act();
      await again();
      return "";
    } catch (failure) {
      return names.failure(failure);
    }
  }
  async function attemptHere(act: () => Promise<unknown>): Promise<void> {
    fault.value = await attempt(act);
  }
  return { attempt, attemptHere, fault: readonly(fault) };
}
