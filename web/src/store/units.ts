/** The units that people may mean: those that have cases now. */

import { computed } from "vue";

import { room } from "./room";

export const knownUnits = computed(() => {
  const held = [...room.value.cases.values()].flatMap((one) => (one.unit ? [one.unit] : []));
  return [...new Set(held)].sort((a, b) => a.localeCompare(b));
});
