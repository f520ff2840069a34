/** What the map draws: segments as they are now, and a marker for every case that is not one. */

import type { Case, SegmentCollection, SegmentFeature, SegmentState } from "../api/schema";
import { subjectParts } from "../wording/subject";
import { severityOf } from "../wording/severity";
import { ICONS } from "./icons";

export function segmentFeatures(
  shapes: ReadonlyMap<string, SegmentFeature>,
  states: ReadonlyMap<string, SegmentState>,
): SegmentCollection {
  const features = [...shapes.values()].map((shape) => {
    const id = shape.properties.id;
    return { ...shape, properties: { ...shape.properties, ...states.get(id), id } };
  });
  return { type: "FeatureCollection", features };
}

export interface MarkerProperties {
  id: string;
  /** Name of the image that {@link markerImage} gave. */
  image: string;
  /** Urgent ones are drawn above the others, and give a cluster its colour. */
  order: number;
}

export const markerImage = (kind: string, colour: string) =>
  `${kind in ICONS ? kind : "other"} ${colour}`;

/** Of a recovered one it is 0. */
export const ORDER = { urgent: 3, attention: 2, notice: 1 };

export type Markers = GeoJSON.FeatureCollection<GeoJSON.Point, MarkerProperties>;

/** Whether two are drawn alike: most of what happens to a case moves no marker. */
export const sameMarkers = (a: Markers, b: Markers) =>
  a.features.length === b.features.length &&
  a.features.every((one, at) => {
    const other = b.features[at];
    return (
      one.properties.id === other?.properties.id &&
      one.properties.image === other.properties.image &&
      one.geometry.coordinates.join() === other.geometry.coordinates.join()
    );
  });

/** Open and recovered cases that have a place and are not drawn as a segment already. */
export function markerFeatures(cases: Iterable<Case>): Markers {
  const features = [...cases].flatMap((one) => {
    if (one.state === "closed" || subjectParts(one.subject).kind === "segment") return [];
    return markerOf(one) ?? [];
  });
  return { type: "FeatureCollection", features };
}

/** The marker of a case; null where it has no place. */
export function markerOf(one: Case): GeoJSON.Feature<GeoJSON.Point, MarkerProperties> | null {
  if (one.lon === null || one.lat === null) return null;
  const { kind } = subjectParts(one.subject);
  const severity = severityOf(one);
  const open = one.state === "open";
  return {
    type: "Feature",
    geometry: { type: "Point", coordinates: [one.lon, one.lat] },
    properties: {
      id: one.id,
      image: markerImage(kind, open ? severity : "recovered"),
      order: open ? ORDER[severity] : 0,
    },
  };
}

export type Bounds = [west: number, south: number, east: number, north: number];

/** The box around all coordinates; null where there are none. */
export function boundsOf(features: Iterable<GeoJSON.Feature<GeoJSON.Geometry>>): Bounds | null {
  let bounds: Bounds | null = null;
  for (const { geometry } of features) {
    const points =
      geometry.type === "Point"
        ? [geometry.coordinates]
        : geometry.type === "LineString"
          ? geometry.coordinates
          : [];
    for (const [lon = NaN, lat = NaN] of points) {
      const [west, south, east, north]: Bounds = bounds ?? [lon, lat, lon, lat];
      bounds = [
        Math.min(west, lon),
        Math.min(south, lat),
        Math.max(east, lon),
        Math.max(north, lat),
      ];
    }
  }
  return bounds;
}
