import { describe, expect, it } from "vitest";

import { type Stretch, stretchFrom } from "../src/store/stretch";

/** 0 to 9, three to a page; a cursor is the number that comes next. */
const ask = (cursor: string | undefined) => {
  const from = Number(cursor ?? 0);
  const items = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].slice(from, from + 3);
  return Promise.resolve({ items, next: from + 3 < 10 ? String(from + 3) : null });
};
const go = () => true;

describe("a long list", () => {
  it("is asked for until it is whole", async () => {
    const sums: number[] = [];
    const told = ({ items }: Stretch<number>) => sums.push(items.length) > 0;
    expect(await stretchFrom(ask, undefined, 100, told)).toMatchObject({ items: { length: 10 }, next: undefined });
    expect(sums).toEqual([3, 6, 9, 10]);
  });

  it("ends where there is enough, and goes on from there", async () => {
    const first = await stretchFrom(ask, undefined, 5, go);
    expect(first).toEqual({ items: [0, 1, 2, 3, 4, 5], next: "6" });
    expect(await stretchFrom(ask, first?.next, 5, go)).toEqual({ items: [6, 7, 8, 9], next: undefined });
  });

  it("is nothing where it was asked for anew meanwhile", async () => {
    expect(await stretchFrom(ask, undefined, 100, ({ items }) => items.length < 6)).toBeNull();
  });
});
