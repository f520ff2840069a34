/** What the cells of the grid are called, and who is responsible; asked for when somebody has signed in. */

import { computed, shallowReadonly, shallowRef } from "vue";

import { getGrid } from "../api/desk";
import type { Cell } from "../api/schema";

const known = shallowRef<ReadonlyMap<string, Cell>>(new Map());

/** Code → cell. */
export const cells = shallowReadonly(known);

/** Code → name, of the streets. */
export const streets = computed(
  () =>
    new Map(
      [...known.value.values()].flatMap(({ code, name, level }): [string, string][] =>
        level === "street" ? [[code, name]] : [],
      ),
    ),
);

/** A cell's name; its code where that is not known. */
export const cellName = (code: string) => known.value.get(code)?.name ?? code;

/**
 * The names from the street down to a cell: `大石桥街道 绿城社区 第1网格 1号院`; its code where it is not
 * known. What is called by its community's name and more says that name once.
 */
export function cellPath(code: string): string {
  const path: string[] = [];
  for (let cell = known.value.get(code); cell && cell.level !== "district"; cell = above(cell)) {
    path.unshift(cell.name);
  }
  const own = path.map((name, at) => {
    const before = path.slice(0, at).findLast((one) => name.startsWith(one) && name !== one);
    return before === undefined ? name : name.slice(before.length).trim();
  });
  return own.join(" ") || cellName(code);
}

/** Whether a cell is another one, or lies in it. */
export function isWithin(code: string | null, other: string): boolean {
  if (code === null) return false;
  for (let cell = known.value.get(code); cell; cell = above(cell)) if (cell.code === other) return true;
  return code === other;
}

const above = ({ parent }: Cell) => (parent === null ? undefined : known.value.get(parent));

export const holdCells = (found: readonly Cell[]) => (known.value = new Map(found.map((one) => [one.code, one])));

export const loadCells = async () => void holdCells(await getGrid());
