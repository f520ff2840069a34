/** What was seen while the page has been open, thinned so that a week of it stays small. */

export interface Sample {
  /** The system's time, ms. */
  at: number;
  open: number;
  lit: number;
  dark: number;
  silent: number;
}

export const MOST_SAMPLES = 720;

/** A newer sample takes the place of the last one while that is closer than this share of a gap. */
const TOLERANCE = 0.9;

/**
 * The history with one sample more, evenly spaced: a full one gives up every other sample, and
 * from then on samples come at twice the gap. The last one is always the newest. A clock that went
 * back (another run of the system) starts it anew.
 */
export function appendSample(history: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = history.at(-1);
  if (!last || sample.at < last.at) return [sample];
  const kept =
    history.length < MOST_SAMPLES ? history : history.filter((_, i) => i % 2 === 0);
  return [...(isCrowded(kept) ? kept.slice(0, -1) : kept), sample];
}

function isCrowded(history: readonly Sample[]): boolean {
  const [first, previous, last] = [history[0], history.at(-2), history.at(-1)];
  if (!first || !previous || !last || history.length < 3) return false;
  const gap = (previous.at - first.at) / (history.length - 2);
  return last.at - previous.at < TOLERANCE * gap;
}
