/** A schedule while somebody fills it in: where it begins, what is still missing, what is sent. Pure. */

import type { FormField, Plan, Selection } from "../api/desk";
import { readRule } from "./recurrence";

const NO_ASSETS: Selection = { kind: null, area: "", streets: [], roads: [], ids: [] };

/** A plan that nothing is decided of yet, from the day `first` on. */
export const blankPlan = (first: string): Plan => ({
  name: "",
  purpose: "inspection",
  rule: "FREQ=WEEKLY",
  start: `${first}T08:00`,
  assets: { ...NO_ASSETS },
  per: "road",
  code: "",
  condition: "",
  unit: "",
  form: [],
  active: true,
});

/** The plan alone, of a schedule or of what is proposed; another one, which may be changed. */
export function planOf(one: Plan): Plan {
  const { name, purpose, rule, start, assets, per, code, condition, unit, form, active } = one;
  const plan: Plan = { name, purpose, rule, start, assets, per, code, condition, unit, form, active };
  return JSON.parse(JSON.stringify(plan)) as Plan;
}

/** A key for a new field of a form: people see its label alone. */
export function newKey(form: readonly FormField[]): string {
  const taken = new Set(form.map(({ key }) => key));
  let n = form.length + 1;
  while (taken.has(`field_${n}`)) n += 1;
  return `field_${n}`;
}

export type Wrong = "needed" | "untilBefore" | "noAssets";

/** Field → what is wrong with it, of what the page can tell without asking; the server checks all. */
export function wrongIn(plan: Plan): ReadonlyMap<string, Wrong> {
  const wrong = new Map<string, Wrong>();
  if (plan.name.trim() === "") wrong.set("name", "needed");
  if (plan.code === "") wrong.set("code", "needed");
  const [day = "", time = ""] = plan.start.split("T");
  if (day === "" || time === "") wrong.set("start", "needed");
  if (plan.rule.trim() === "") wrong.set("rule", "needed");
  const until = readRule(plan.rule)?.until;
  if (until && until < day) wrong.set("rule", "untilBefore");
  const { kind, area, streets, roads, ids } = plan.assets;
  if (!kind && !area && [streets, roads, ids].every((list) => list.length === 0)) {
    wrong.set("assets", "noAssets");
  }
  for (const { key, label, kind: of, choices } of plan.form) {
    const isWhole = (label.zh + label.en).trim() !== "" && (of !== "choice" || choices?.length);
    if (!isWhole) wrong.set(`form.${key}`, "needed");
  }
  return wrong;
}

/** What is sent: texts trimmed, and of each field of the form what goes with its kind. */
export const toSend = (plan: Plan): Plan => ({
  ...plan,
  name: plan.name.trim(),
  rule: plan.rule.trim(),
  unit: plan.unit.trim(),
  form: plan.form.map(fieldToSend),
});

/** A label that was written in one language alone stands for the other too. */
function fieldToSend({ key, label, kind, required, ...own }: FormField): FormField {
  const [zh, en] = [label.zh.trim(), label.en.trim()];
  const field: FormField = { key, label: { zh: zh || en, en: en || zh }, kind, required: required !== false };
  if (kind === "choice") return { ...field, choices: own.choices ?? [] };
  if (kind !== "number") return field;
  return { ...field, unit: own.unit?.trim() ?? "", least: own.least ?? null, most: own.most ?? null };
}
