import { expect, it } from "vitest";

import { inSight } from "../src/store/sight";

const rows = (n: number) => Array.from({ length: n }, () => 10);

it("draws the rows in sight and those within the margin, and knows how high the others are", () => {
  expect(inSight(rows(100), 0, 50, 20)).toEqual({ first: 0, end: 7, above: 0, below: 930 });
  expect(inSight(rows(100), 500, 50, 20)).toEqual({ first: 48, end: 57, above: 480, below: 430 });
  expect(inSight(rows(100), 950, 50, 20)).toEqual({ first: 93, end: 100, above: 930, below: 0 });
});

it("draws all of a short list and none of an empty one", () => {
  expect(inSight(rows(3), 0, 50, 20)).toEqual({ first: 0, end: 3, above: 0, below: 0 });
  expect(inSight([], 0, 50, 20)).toEqual({ first: 0, end: 0, above: 0, below: 0 });
});

it("counts each row with its own height", () => {
  const { first, end, above, below } = inSight([100, 10, 10, 300], 105, 10, 0);
  expect([first, end, above, below]).toEqual([1, 3, 100, 300]);
});
