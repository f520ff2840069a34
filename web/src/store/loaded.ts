/** Something asked for by GET again whenever what it depends on changes. */

import { onScopeDispose, type Ref, shallowRef, watch, type WatchSource } from "vue";

export interface Loaded<T> {
  value: Readonly<Ref<T | null>>;
  error: Readonly<Ref<unknown>>;
}

/**
 * Loads for each new `key`; an answer that was overtaken is dropped. The old value stays while the
 * same thing is asked again (`sameThing`), and goes when it is another one.
 */
export function useLoaded<K, T>(
  key: WatchSource<K>,
  load: (key: K) => Promise<T>,
  sameThing: (now: K, before: K) => boolean,
): Loaded<T> {
  const value = shallowRef<T | null>(null);
  const error = shallowRef<unknown>(null);
  let latest = 0;
  onScopeDispose(() => (latest = -1));

  watch(
    key,
    async (now, before) => {
      const mine = ++latest;
      if (before === undefined || !sameThing(now, before as K)) value.value = null;
      error.value = null;
      try {
        const answer = await load(now);
        if (mine === latest) value.value = answer;
      } catch (failure) {
        if (mine === latest) error.value = failure;
      }
    },
    { immediate: true },
  );
  return { value, error };
}
