/** Which open cases are near a place. Pure. */

import type { Case } from "../api/schema";

export interface NearCase {
  case: Case;
  metres: number;
  /** Filed under a code that the report would be filed under, so it may be the same matter. */
  alike: boolean;
}

const METRES_A_DEGREE = 111_320;

/** Along the ground, for places in one town. */
export function metresBetween(a: [lon: number, lat: number], b: [lon: number, lat: number]): number {
  const east = (a[0] - b[0]) * Math.cos(((a[1] + b[1]) / 2) * (Math.PI / 180));
  return Math.hypot(east, a[1] - b[1]) * METRES_A_DEGREE;
}

/** The open cases within `within` metres, those of `codes` first, then the nearest. */
export function nearCases(
  cases: Iterable<Case>,
  place: [lon: number, lat: number],
  codes: readonly string[],
  within: number,
): NearCase[] {
  const found = [...cases].flatMap((one): NearCase[] => {
    if (one.state === "closed" || one.lon === null || one.lat === null) return [];
    const metres = metresBetween(place, [one.lon, one.lat]);
    if (metres > within) return [];
    return [{ case: one, metres, alike: one.filing !== null && codes.includes(one.filing.code) }];
  });
  return found.sort((a, b) => Number(b.alike) - Number(a.alike) || a.metres - b.metres);
}
