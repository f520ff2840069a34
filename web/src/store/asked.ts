/** Something that a view asks for when it is gone to, and again while it is looked at. */

import { onActivated, onDeactivated, onMounted, onUnmounted, readonly, type Ref, ref, shallowRef } from "vue";

export interface Asked<T> {
  value: Readonly<Ref<T | null>>;
  error: Readonly<Ref<unknown>>;
  again(): Promise<void>;
}

const EVERY_MS = 30_000;

/** The last answer stays while another is on its way, and when that fails; overtaken ones are dropped. */
export function useAsked<T>(load: () => Promise<T>): Asked<T> {
  const value = shallowRef<T | null>(null);
  const error = ref<unknown>(null);
  let turn = 0;
  let timer = 0;

  async function again(): Promise<void> {
    const mine = (turn += 1);
    try {
      const answer = await load();
      if (mine !== turn) return;
      value.value = answer;
      error.value = null;
    } catch (failure) {
      if (mine === turn) error.value = failure;
    }
  }
  function start(): void {
    if (timer !== 0) return;
    void again();
    timer = window.setInterval(() => void again(), EVERY_MS);
  }
  function stop(): void {
    clearInterval(timer);
    timer = 0;
  }
  // A part of a view that is mounted later than the view itself is not told that it is activated.
  onMounted(start);
  onActivated(start);
  onDeactivated(stop);
  onUnmounted(stop);
  return { value: value as Readonly<Ref<T | null>>, error: readonly(error), again };
}
