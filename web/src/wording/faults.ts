/** What the server said of each field that it named. Pure. */

import { ProblemError } from "../api/call";

/** Field → what is wrong with it, in the reader's language where the server knows it in that. */
export function faultsOf(error: unknown, language: string): ReadonlyMap<string, string> {
  if (!(error instanceof ProblemError)) return new Map();
  const { mistakes, detailZh } = error;
  const [only, ...more] = mistakes;
  if (language === "zh" && detailZh && only && more.length === 0) {
    return new Map([[only.name, withoutName(detailZh, only.name)]]);
  }
  return new Map(mistakes.map(({ name, detail }) => [name, detail]));
}

/** Next to its field a text needs not begin with the field's name. */
function withoutName(text: string, name: string): string {
  return text.startsWith(name) ? text.slice(name.length).replace(/^\s*[:：]\s*/, "") : text;
}
