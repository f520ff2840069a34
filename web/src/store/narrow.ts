/** Whether the page is as narrow as on a phone, where the detail covers everything else. */

import { readonly, ref } from "vue";

const narrow = ref(false);
export const isNarrow = readonly(narrow);

export function followWidth(): void {
  const asked = matchMedia("(width < 760px)");
  narrow.value = asked.matches;
  asked.addEventListener("change", ({ matches }) => (narrow.value = matches));
}
