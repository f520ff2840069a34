/** The form that a schedule's case is handed in with. Pure. */

import type { FormField } from "../api/desk";
import type { Evidence } from "../api/schema";

/** The form that a case was opened with; none where it has none. */
export const formOf = (evidence: Evidence): FormField[] =>
  Array.isArray(evidence["form"]) ? (evidence["form"] as FormField[]) : [];

/** A field is needed unless it says otherwise. */
export const isRequired = (field: FormField) => field.required !== false;

/** The key of the first field that needs an answer and has none. */
export function answered(
  form: readonly FormField[],
  answers: Record<string, string | number>,
): string | undefined {
  return form.find((one) => isRequired(one) && (answers[one.key] ?? "") === "")?.key;
}
