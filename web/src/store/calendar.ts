/** The working calendar around the system's time, asked for once there is a case that needs it. */

import { computed, shallowReadonly, shallowRef, watch } from "vue";

import { getCalendar } from "../api/client";
import type { HeldCalendar } from "./deadline";
import { room, systemNow } from "./room";

const DAY_MS = 86_400_000;
const BACK_MS = 400 * DAY_MS;
const AHEAD_MS = 130 * DAY_MS;
const RENEW_MS = 30 * DAY_MS;

const held = shallowRef<HeldCalendar | null>(null);

export const calendar = shallowReadonly(held) as Readonly<typeof held>;

/** The stretch of 30 days that the system's time is in; null while no case is filed. */
const stretch = computed(() => {
  if (systemNow.value === null) return null;
  const filed = [...room.value.cases.values()].some((one) => one.filing);
  return filed ? Math.floor(systemNow.value / RENEW_MS) : null;
});

async function renew(at: number): Promise<void> {
  const [from, to] = [at * RENEW_MS - BACK_MS, at * RENEW_MS + AHEAD_MS];
  const answer = await getCalendar(from, to);
  held.value = { ...answer, from, to };
}

/** From now on; where it failed it is tried again when the line comes back, or a stretch later. */
export function followCalendar(): void {
  watch([stretch, () => room.value.line], ([at, line]) => {
    const known = held.value !== null && at !== null && held.value.from === at * RENEW_MS - BACK_MS;
    if (at !== null && line === "live" && !known) void renew(at).catch(() => undefined);
  });
}
