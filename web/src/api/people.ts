/** Accounts of people and keys of machines: their calls and shapes (docs/api.md). */

import { call, json, part, query } from "./call";
import type { Me, Page, Role } from "./schema";

export interface User extends Me {
  disabled: boolean;
  created_at: string;
}

export interface Key extends Me {
  id: string;
  created_at: string;
  revoked_at: string | null;
}

export interface NewOne {
  name: string;
  role: Role;
  unit?: string;
  streets?: string[];
}

/** A row of the audit trail; `what` is a word such as `account.added`, or a call. */
export interface AuditEntry {
  seq: number;
  at: string;
  who: string;
  address: string;
  what: string;
  subject: string;
  details: Record<string, unknown>;
}

export interface AuditSought {
  who?: string;
  subject?: string;
  from?: string;
  to?: string;
}

const items = <T>(path: string) => call<{ items: T[] }>(path).then((answer) => answer.items);

export const getUsers = () => items<User>("users");
export const addUser = (one: NewOne & { password: string }) => call<User>("users", json(one));
export const changeUser = (name: string, some: Partial<Pick<User, "role" | "disabled">>) =>
  call<User>(`users/${part(name)}`, { ...json(some), method: "PATCH" });

/** A random password, told only here. */
export const resetPassword = (name: string) =>
  call<{ password: string }>(`users/${part(name)}/password`, { method: "POST" });

export const getKeys = () => items<Key>("keys");
/** The key itself is told only here. */
export const addKey = (one: NewOne) => call<Key & { key: string }>("keys", json(one));
export const revokeKey = (id: string) => call<Key>(`keys/${part(id)}`, { method: "DELETE" });

/** The newest first, a page at a time. */
export const getTrail = (sought: AuditSought, cursor?: string) =>
  call<Page<AuditEntry>>(`audit${query({ ...sought, limit: 100, cursor })}`);

export const changePassword = (old: string, fresh: string) =>
  call<Me>("me/password", json({ old, new: fresh }));
