/** The photos of what was done about cases, as far as they were looked at. */

import { shallowReactive } from "vue";

import { addPhotos, getPhotosOf, type Photo } from "../api/reports";
import { photosToSend } from "./photo";

const held = shallowReactive(new Map<string, readonly Photo[]>());

export const photosOf = (id: string): readonly Photo[] => held.get(id) ?? [];

export async function loadPhotos(id: string): Promise<void> {
  held.set(id, await getPhotosOf(id));
}

/** Adds photos and answers with the new ones. A PhotoError where a file is none. */
export async function addPhotosTo(id: string, files: readonly File[]): Promise<readonly Photo[]> {
  const sent = await photosToSend(files);
  const before = new Set((held.get(id) ?? (await getPhotosOf(id))).map((one) => one.id));
  const after = await addPhotos(id, sent);
  held.set(id, after);
  return after.filter((one) => !before.has(one.id));
}
