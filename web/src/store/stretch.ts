/** A long list that is asked for page by page, in stretches. Pure but for what it asks. */

import type { Page } from "../api/schema";

export interface Stretch<T> {
  items: T[];
  /** Where it goes on; undefined where that was all. */
  next: string | undefined;
}

/**
 * What is from `cursor` on, until there are `most` or no more. `told` hears how it stands after each
 * page, and ends it by answering false: then it is null.
 */
export async function stretchFrom<T>(
  ask: (cursor: string | undefined) => Promise<Page<T>>,
  cursor: string | undefined,
  most: number,
  told: (sofar: Stretch<T>) => boolean,
): Promise<Stretch<T> | null> {
  const sofar: Stretch<T> = { items: [], next: cursor };
  do {
    const page = await ask(sofar.next);
    sofar.items.push(...page.items);
    sofar.next = page.next ?? undefined;
    if (!told(sofar)) return null;
  } while (sofar.next !== undefined && sofar.items.length < most);
  return sofar;
}
