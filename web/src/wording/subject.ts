export interface Subject {
  kind: string;
  id: string;
}

/** The subject of a case, `segment:JS-12`, as its kind and id; without a colon it is all id. */
export function subjectParts(subject: string): Subject {
  const colon = subject.indexOf(":");
  return colon < 0
    ? { kind: "", id: subject }
    : { kind: subject.slice(0, colon), id: subject.slice(colon + 1) };
}
