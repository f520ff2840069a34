import { beforeEach, describe, expect, it } from "vitest";

import type { Cell, Level } from "../src/api/schema";
import { cellName, cellPath, holdCells, streets } from "../src/store/cells";

const cell = (code: string, name: string, level: Level, parent: string | null): Cell => ({
  code, name, level, parent, responsible: null,
});

beforeEach(() =>
  holdCells([
    cell("1", "金水区", "district", null),
    cell("11", "大石桥街道", "street", "1"),
    cell("111", "绿城社区", "community", "11"),
    cell("1111", "绿城社区第1网格", "grid", "111"),
    cell("11111", "绿城社区1号院", "courtyard", "1111"),
  ]),
);

describe("cells of the grid", () => {
  it("are called by their names, and by their codes where those are not known", () => {
    expect(cellName("111")).toBe("绿城社区");
    expect(cellName("9")).toBe("9");
    expect(cellPath("9")).toBe("9");
    expect(cellPath("")).toBe("");
  });

  it("are found by the names above them, none of which is said twice", () => {
    expect(cellPath("11111")).toBe("大石桥街道 绿城社区 第1网格 1号院");
    expect(cellPath("11")).toBe("大石桥街道");
    expect(cellPath("1")).toBe("金水区");
  });

  it("have the streets among them", () => {
    expect([...streets.value]).toEqual([["11", "大石桥街道"]]);
  });
});
