/** Residents' reports and photos: their calls, and what these say (docs/api.md). */

import { BASE, call, json, part, query } from "./call";
import type { Asset, Page, Words } from "./schema";

export type Channel = "hotline" | "12319" | "ssp" | "zhp" | "open311" | "web";
/** Those by which somebody of the staff takes a report down. */
export const STAFF_CHANNELS: readonly Channel[] = ["hotline", "12319", "ssp", "zhp"];

export interface Service {
  code: string;
  name: Words;
  heading: Words;
  condition: Words;
  ask: Words | null;
  choices: { code: string; name: Words }[];
}

/** What is said with a report; only `service` and a place are needed. */
export interface Reporting {
  service: string;
  channel: Channel;
  description?: string;
  lon?: number;
  lat?: number;
  address?: string;
  asset?: string;
  chosen?: string;
  name?: string;
  phone?: string;
  wants_news?: boolean;
}

export interface Taken {
  id: number;
  token: string;
  url: string;
  case: string;
  joined: boolean;
  deadline: string | null;
}

export interface Photo {
  id: string;
  added_at: string;
  width: number;
  height: number;
}

export interface Report {
  id: number;
  service: string;
  name: Words;
  description: string;
  address: string | null;
  asset: string | null;
  channel: Channel;
  received_at: string;
  case: string;
  photos: Photo[];
  satisfaction: number | null;
  not_fixed: number;
  forgotten_at: string | null;
}

export interface Contact {
  name: string | null;
  phone: string | null;
  mail: string | null;
  wants_news: boolean;
}

export const getServices = () => call<{ items: Service[] }>("services").then(({ items }) => items);

export const takeReport = (said: Reporting) => call<Taken>("reports", json(said));

export const getReportsOf = (id: string) =>
  call<Page<Report>>(`reports${query({ case: id, limit: 50 })}`).then(({ items }) => items);

/** Who made a report; null where nobody knows, or not any more. */
export const getContact = (id: number) =>
  call<Report & { contact: Contact | null }>(`reports/${id}`).then(({ contact }) => contact);

export const getPhotosOf = (id: string) =>
  call<{ items: Photo[] }>(`cases/${part(id)}/photos`).then(({ items }) => items);

/** Adds photos of what was done, and answers with all of the case's. */
export function addPhotos(id: string, files: Iterable<File>): Promise<Photo[]> {
  const body = new FormData();
  for (const file of files) body.append("photo", file);
  const sent = call<{ items: Photo[] }>(`cases/${part(id)}/photos`, { method: "POST", body });
  return sent.then(({ items }) => items);
}

export const photoAddress = (id: string) => `${BASE}photos/${part(id)}`;

export const findAssets = (words: string) =>
  call<Page<Asset>>(`assets${query({ q: words, limit: 8 })}`).then(({ items }) => items);
