/** What the streets of the grid are called; asked for once, when somebody has signed in. */

import { shallowReadonly, shallowRef } from "vue";

import { getStreets } from "../api/desk";

const known = shallowRef<ReadonlyMap<string, string>>(new Map());

/** Code → name, of the streets that have one. */
export const streets = shallowReadonly(known);

/** A street's name; its code where that is not known. */
export const streetName = (code: string) => known.value.get(code) ?? code;

export async function loadStreets(): Promise<void> {
  const found = await getStreets();
  known.value = new Map(found.flatMap(({ street, name }) => (street && name ? [[street, name]] : [])));
}
