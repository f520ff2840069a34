/** Names of the API's words in the reader's language. A word that has none is shown as it is. */

import { useI18n } from "vue-i18n";

import type { Case, Words } from "../api/schema";
import { ProblemError } from "../api/call";
import type { Standing } from "../store/deadline";
import { cellName, cellPath } from "../store/cells";
import { room } from "../store/room";
import { standingText } from "./standing";
import { subjectParts } from "./subject";
import { span } from "./time";

export function useNames() {
  const { t, te, locale } = useI18n();

  const named = (group: string) => (word: string) => {
    const key = `${group}.${word}`;
    return word && te(key) ? t(key) : word;
  };
  const kind = named("kind");

  /** `路段 经三路 JS-12`: the road where it is known, then the id; of a schedule what its case is of. */
  function subject(text: string): string {
    const parts = subjectParts(text);
    if (parts.kind === "area") return `${kind(parts.kind)} ${cellName(parts.id)}`;
    if (parts.kind === "schedule") return [kind(parts.kind), group(parts.id.split("/")[1] ?? "")].filter(Boolean).join(" ");
    const road = parts.kind === "segment" ? room.value.shapes.get(parts.id)?.properties.road : null;
    const id = road && parts.id.startsWith(road) ? parts.id : [road, parts.id].filter(Boolean).join(" ");
    return [kind(parts.kind), id].filter(Boolean).join(" ");
  }

  function age(ms: number): string {
    const { unit, ...parts } = span(ms);
    return t(`age.${unit}`, parts);
  }

  function failure(error: unknown): string {
    if (!(error instanceof ProblemError)) return String(error);
    if (locale.value === "zh" && error.detailZh) return error.detailZh;
    if (error.detail) return error.detail;
    if (error.status === 0) return t("error.unreachable");
    const key = error.status >= 500 ? "error.500" : `error.${error.status}`;
    return te(key) ? t(key) : `HTTP ${error.status}`;
  }

  /** What one of a schedule's cases is of: an asset, a road, a street, or everything. */
  const group = (word: string) => (word === "all" || word === "-" ? t(`plans.group.${word === "all" ? word : "none"}`) : cellName(word));

  /** Where a case is: the cell, or the street alone; empty of one that is in none, or in all. */
  const place = ({ cell, street, subject }: Pick<Case, "cell" | "street" | "subject">) =>
    subject.startsWith("area:") ? "" : cellPath(cell ?? street ?? "");

  const caseType = named("caseType");
  const words = (both: Words) => both[locale.value === "zh" ? "zh" : "en"];

  /** What a case is about: its type, or for one that no sensor raised the row it is filed under. */
  function title(one: Case): string {
    if (one.source === "sensor" || !one.filing) return caseType(one.type);
    const { name, condition } = one.filing;
    const [first, then] = one.source === "resident" ? [words(name), words(condition)] : [caseType(one.type), words(name)];
    return t("cases.title", { first, then });
  }

  return {
    kind,
    title,
    state: named("state"),
    caseState: named("caseState"),
    stage: named("desk.stage"),
    how: named("desk.how"),
    source: named("desk.source"),
    cell: cellName,
    cellPath,
    group,
    place,
    supervision: named("plans.cause"),
    where: named("plans.where"),
    ruleSection: named("rules.sections"),
    caseType,
    cause: named("cause"),
    event: named("event"),
    role: named("role"),
    field: named("field"),
    subject,
    age,
    standing: (standing: Standing) => standingText(standing, t),
    words,
    failure,
    announcement: (one: Case) =>
      t("cases.announce", { type: title(one), subject: [subject(one.subject), place(one)].filter(Boolean).join("，") }),
  };
}
