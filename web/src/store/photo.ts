/** Photos before they are sent: only what is one, and no larger than the server would keep it. */

export const PHOTO_TYPES = ["image/jpeg", "image/png", "image/webp"] as const;
export const PHOTOS_AT_ONCE = 3;

/** The longer side of a photo as the server keeps it, pixels. */
const LONGER_SIDE = 2_048;
/** A smaller file is sent as it is. */
const SMALL_BYTES = 1_000_000;

export type NoPhoto = "tooMany" | "wrongType" | "unreadable";

/** Why a file cannot be sent. */
export class PhotoError extends Error {
  constructor(
    readonly why: NoPhoto,
    readonly file: string,
  ) {
    super(`${file}: ${why}`);
  }
}

/** The files as they are sent. A PhotoError where one is no photo, or there are too many. */
export async function photosToSend(files: readonly File[]): Promise<File[]> {
  if (files.length > PHOTOS_AT_ONCE) throw new PhotoError("tooMany", "");
  for (const { name, type } of files) {
    if (!(PHOTO_TYPES as readonly string[]).includes(type)) throw new PhotoError("wrongType", name);
  }
  const sent: File[] = [];
  // One by one: a photo of a phone takes 50 MB while it is decoded.
  for (const file of files) sent.push(file.size <= SMALL_BYTES ? file : await smaller(file));
  return sent;
}

async function smaller(file: File): Promise<File> {
  const image = await createImageBitmap(file).catch(() => {
    throw new PhotoError("unreadable", file.name);
  });
  const scale = Math.min(1, LONGER_SIDE / Math.max(image.width, image.height));
  const canvas = new OffscreenCanvas(Math.round(image.width * scale), Math.round(image.height * scale));
  const plane = canvas.getContext("2d");
  if (!plane) return file;
  // On white where it is transparent, as the server does.
  plane.fillStyle = "white";
  plane.fillRect(0, 0, canvas.width, canvas.height);
  plane.drawImage(image, 0, 0, canvas.width, canvas.height);
  image.close();
  const jpeg = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 });
  return new File([jpeg], "photo.jpg", { type: "image/jpeg" });
}
