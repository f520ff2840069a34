/**
 * The key of a word of the audit trail in the wording: `account_added` of `account.added`,
 * `POST_cases_actions` of `POST /api/v1/cases/{case_id}/actions`.
 */
export function wordOf(what: string): string {
  const [method = "", path] = what.split(" ");
  if (path === undefined) return what.replace(".", "_");
  const parts = path.replace(/^\/api\/v1\//, "").split("/");
  return [method, ...parts.filter((part) => !part.startsWith("{"))].join("_");
}
