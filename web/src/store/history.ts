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

/**
 * The history with one sample more. A full history gives up every other sample; a clock that
 * went back (another run of the system) starts it anew.
 */
export function appendSample(history: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = history.at(-1);
  if (last && sample.at < last.at) return [sample];
  if (last && sample.at === last.at) return history;
  const kept =
    history.length < MOST_SAMPLES
      ? history
      : history.filter((_, i) => (history.length - 1 - i) % 2 === 0);
  return [...kept, sample];
}
