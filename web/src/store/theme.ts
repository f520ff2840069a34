/** Light or dark: as the system prefers, until the reader chooses, and the choice is remembered. */

import { readonly, ref } from "vue";

export type Theme = "dark" | "light";

const REMEMBERED = "xiuhua.theme";
const prefersLight = matchMedia("(prefers-color-scheme: light)");

function remembered(): Theme | null {
  try {
    const kept = localStorage.getItem(REMEMBERED);
    return kept === "light" || kept === "dark" ? kept : null;
  } catch {
    return null; // storage may be forbidden; the choice then lasts as long as the page
  }
}

let chosen = remembered();
const shown = ref<Theme>("dark");
export const theme = readonly(shown);

/** The style follows the attribute, so it is there before whoever watches `theme` asks for colours. */
function apply(): void {
  const now = chosen ?? (prefersLight.matches ? "light" : "dark");
  document.documentElement.dataset["theme"] = now;
  document.querySelector("meta[name=theme-color]")?.setAttribute("content", now === "light" ? "#ffffff" : "#0a1016");
  shown.value = now;
}

export function setTheme(one: Theme): void {
  chosen = one;
  apply();
  try {
    localStorage.setItem(REMEMBERED, one);
  } catch {
    // as above
  }
}

/** From now on. */
export function followTheme(): void {
  apply();
  prefersLight.addEventListener("change", apply);
}
