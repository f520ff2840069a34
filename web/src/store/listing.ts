/** Which cases the list shows, and in what order. */

import type { Case, CaseState } from "../api/schema";

/** Cases in one state, newest first; of one type, where one is given. */
export function listed(cases: Iterable<Case>, state: CaseState, type: string): Case[] {
  return [...cases]
    .filter((one) => one.state === state && (type === "" || one.type === type))
    .sort((a, b) => Date.parse(b.opened_at) - Date.parse(a.opened_at) || b.id.localeCompare(a.id));
}

/** How many cases of each type are in one state, the commonest first. */
export function typesIn(cases: Iterable<Case>, state: CaseState): [type: string, n: number][] {
  const counts = new Map<string, number>();
  for (const one of cases) {
    if (one.state === state) counts.set(one.type, (counts.get(one.type) ?? 0) + 1);
  }
  return [...counts].sort(([a, n], [b, m]) => m - n || a.localeCompare(b));
}

export interface Step {
  case: Case;
  event: "opened" | "recovered" | "closed";
  at: number;
}

/** When the cases were opened, recovered and closed: the last `most` of these steps, newest first. */
export function latestSteps(cases: Iterable<Case>, most: number): Step[] {
  const steps = [...cases].flatMap((one): Step[] =>
    (["opened", "recovered", "closed"] as const).flatMap((event): Step[] => {
      const at = one[`${event}_at`];
      return at ? [{ case: one, event, at: Date.parse(at) }] : [];
    }),
  );
  return steps.sort((a, b) => b.at - a.at).slice(0, most);
}
