/** Marker images, drawn here: a disc in the colour of the case with the sign of its subject. */

import type { Map as MapLibre } from "maplibre-gl";

import { token } from "../style/tokens";
import { SEVERITIES } from "../wording/severity";
import { markerImage } from "./features";
import { ICONS } from "./icons";

const RATIO = 2;
const SIZE = 32;
const SIGN = 18;

/** Open: a filled disc. Recovered: a ring, so that it differs without its colour too. */
function draw(path: string, colour: string, filled: boolean): ImageData | null {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE * RATIO;
  const pen = canvas.getContext("2d");
  if (!pen) return null;
  pen.scale(RATIO, RATIO);
  pen.beginPath();
  pen.arc(SIZE / 2, SIZE / 2, SIZE / 2 - 2, 0, 2 * Math.PI);
  pen.fillStyle = filled ? colour : token("surface");
  pen.fill();
  pen.lineWidth = 2;
  pen.strokeStyle = filled ? token("ground") : colour;
  pen.stroke();

  pen.translate((SIZE - SIGN) / 2, (SIZE - SIGN) / 2);
  pen.scale(SIGN / 24, SIGN / 24);
  pen.lineWidth = 2.3;
  pen.lineCap = pen.lineJoin = "round";
  pen.strokeStyle = filled ? token("ground") : colour;
  pen.stroke(new Path2D(path));
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

export function addMarkerImages(map: MapLibre): void {
  for (const [kind, path] of Object.entries(ICONS)) {
    for (const colour of [...SEVERITIES, "recovered"]) {
      const image = draw(path, token(colour), colour !== "recovered");
      if (image) map.addImage(markerImage(kind, colour), image, { pixelRatio: RATIO });
    }
  }
}
