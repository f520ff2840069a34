import { theme } from "../store/theme";

/** A colour of tokens.css, for what is drawn on a canvas; what computes with it follows the theme. */
export const token = (name: string): string =>
  // Read so that it is a dependency: the attribute has changed before it does.
  theme.value && getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
