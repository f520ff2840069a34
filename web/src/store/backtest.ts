/** The last backtests, followed while one of them runs. */

import { onActivated, onDeactivated, onMounted, onUnmounted, readonly, ref, shallowRef } from "vue";

import { type Backtest, getBacktest, getBacktests } from "../api/rules";

const EVERY_MS = 1_000;

/**
 * `shown` is the one that is looked at, with its result once it is done: the newest one that is done
 * until another is chosen.
 */
export function useBacktests() {
  const runs = shallowRef<readonly Backtest[] | null>(null);
  const shown = shallowRef<Backtest | null>(null);
  const error = ref<unknown>(null);
  let chosen = "";
  let timer = 0;
  let turn = 0;

  /** Asks how they are, and again in a while as long as one runs. */
  async function follow(): Promise<void> {
    const mine = (turn += 1);
    clearTimeout(timer);
    let goesOn = true;
    try {
      const items = await getBacktests();
      const wanted = chosen || (items.find((one) => one.state === "done")?.id ?? "");
      const fresh = items.find((one) => one.id === wanted);
      const isNew = fresh && (shown.value?.id !== fresh.id || shown.value.state !== fresh.state);
      const whole = isNew && fresh.state === "done" ? await getBacktest(fresh.id) : null;
      if (mine !== turn) return;
      runs.value = items;
      if (isNew) shown.value = whole ?? fresh;
      error.value = null;
      goesOn = items.some((one) => one.state === "running");
    } catch (failure) {
      if (mine !== turn) return;
      error.value = failure;
    }
    if (goesOn) timer = window.setTimeout(() => void follow(), EVERY_MS);
  }

  function stop(): void {
    turn += 1;
    clearTimeout(timer);
  }

  function choose(id: string): void {
    chosen = id;
    void follow();
  }

  onMounted(() => void follow());
  onActivated(() => void follow());
  onDeactivated(stop);
  onUnmounted(stop);
  return { runs, shown: shown as Readonly<typeof shown>, error: readonly(error), follow, choose };
}
