import { describe, expect, it } from "vitest";

import css from "../src/style/tokens.css?raw";

function tokens(selector: string): Map<string, string> {
  const from = css.indexOf(selector);
  const block = css.slice(from, css.indexOf("}", from));
  return new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = "", value = ""]) => [name, value]));
}

/** Relative luminance, as WCAG 2 has it. */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const TEXT = ["text", "text-soft", "accent", "urgent", "attention", "notice", "recovered", "overdue"];

describe.each([
  ["dark", tokens(":root {")],
  ["light", tokens(':root[data-theme="light"]')],
])("the %s theme", (_, theme) => {
  const of = (name: string) => theme.get(name) ?? "#000000";

  it("has the same colours as the other", () => {
    expect([...theme.keys()].sort()).toEqual([...tokens(":root {").keys()].sort());
  });

  it.each(TEXT)("can be read: %s", (name) => {
    for (const ground of ["ground", "surface", "raised"]) {
      expect(contrast(of(name), of(ground)), ground).toBeGreaterThanOrEqual(4.5);
    }
  });

  it("can be read on buttons, marks and warnings", () => {
    expect(contrast(of("text"), of("primary"))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of("warning-text"), of("warning"))).toBeGreaterThanOrEqual(4.5);
    for (const mark of ["urgent", "attention", "notice"]) {
      expect(contrast(of("on-mark"), of(mark)), mark).toBeGreaterThanOrEqual(4.5);
    }
  });

  it("draws states that stand out from the map and the panels", () => {
    for (const name of [...theme.keys()].filter((one) => one.startsWith("state-"))) {
      for (const ground of ["ground", "surface"]) {
        expect(contrast(of(name), of(ground)), `${name} on ${ground}`).toBeGreaterThanOrEqual(3);
      }
    }
  });
});
