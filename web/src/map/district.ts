/** The map itself: one object that is told what to show, and tells what was clicked. */

import { type GeoJSONSource, Map as MapLibre, type MapGeoJSONFeature, Marker, setWorkerUrl } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";

import type { SegmentCollection, Severity } from "../api/schema";
import { token } from "../style/tokens";
import type { Bounds, Markers } from "./features";
import { addMarkerImages } from "./images";
import { CLUSTER_LAYER, districtStyle, HIT_LAYER, MARKER_LAYER, POINT_LAYER } from "./style";

setWorkerUrl(workerUrl);

export interface Clicked {
  case(id: string): void;
  segment(id: string): void;
  nothing(): void;
}

/** A map to choose a place on: every click is a place, whatever lies there. */
export interface Picked {
  place(lon: number, lat: number): void;
}

type Marked = Markers["features"][number];

export interface District {
  segments(data: SegmentCollection): void;
  markers(data: Markers): void;
  /** Marks a case by its marker, and a segment; none of either. */
  select(marker: Marked | null, segmentId: string): void;
  fit(bounds: Bounds, animate: boolean): void;
  /** Brings a place into view, where it is not. */
  reveal(lon: number, lat: number): void;
  /** Draws the eye to a place: a ring that widens a few times. */
  ping(lon: number, lat: number, severity: Severity): void;
  /** Marks one place, or none. */
  pin(place: [lon: number, lat: number] | null): void;
  close(): void;
}

/** What the map says to one who uses one finger, or the wheel without a key. */
export interface GestureHints {
  touch: string;
  wheel: string;
}

const PING_MS = 9_000;
/** Room around the data, px: below it stands the legend. */
const PADDING = { top: 32, right: 32, bottom: 92, left: 32 };

const hints = ({ touch, wheel }: GestureHints) => ({
  "CooperativeGesturesHandler.MobileHelpText": touch,
  "CooperativeGesturesHandler.WindowsHelpText": wheel,
  "CooperativeGesturesHandler.MacHelpText": wheel,
});

/** Resolves once the style stands. Rejects where the browser cannot draw (no WebGL). */
export function openDistrict(
  container: HTMLElement,
  clicked: Clicked | Picked,
  title: string,
  gestures: GestureHints | null,
): Promise<District> {
  return new Promise((resolve, reject) => {
    let map: MapLibre;
    try {
      map = new MapLibre({
        container,
        style: districtStyle(),
        attributionControl: false,
        dragRotate: false,
        pitchWithRotate: false,
        touchPitch: false,
        minZoom: 8,
        maxZoom: 19,
        fadeDuration: 0,
        // On a phone one finger scrolls the page, two move the map.
        cooperativeGestures: gestures !== null,
        locale: { "Map.Title": title, ...(gestures ? hints(gestures) : {}) },
      });
    } catch (error) {
      reject(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    map.touchZoomRotate.disableRotation();
    map.once("load", () => {
      addMarkerImages(map);
      if ("place" in clicked) pick(map, clicked);
      else listen(map, clicked);
      resolve(district(map));
    });
  });
}

function pick(map: MapLibre, picked: Picked): void {
  map.getCanvas().style.cursor = "crosshair";
  map.on("click", ({ lngLat }) => picked.place(lngLat.lng, lngLat.lat));
}

/** A marker lies above a segment, so it is asked for first; a cluster opens as far as it has to. */
function listen(map: MapLibre, clicked: Clicked): void {
  map.on("click", ({ point }) => {
    const [cluster] = map.queryRenderedFeatures(point, { layers: [CLUSTER_LAYER] });
    const [marker] = map.queryRenderedFeatures(point, { layers: [MARKER_LAYER] });
    const [segment] = map.queryRenderedFeatures(point, { layers: [HIT_LAYER, POINT_LAYER] });
    if (cluster) void openCluster(map, cluster);
    else if (marker) clicked.case(String(marker.properties["id"]));
    else if (segment) clicked.segment(String(segment.properties["id"]));
    else clicked.nothing();
  });
  for (const layer of [HIT_LAYER, POINT_LAYER, MARKER_LAYER, CLUSTER_LAYER]) {
    map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
    map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
  }
}

async function openCluster(map: MapLibre, cluster: MapGeoJSONFeature): Promise<void> {
  if (cluster.geometry.type !== "Point") return;
  const [lon = 0, lat = 0] = cluster.geometry.coordinates;
  const id = Number(cluster.properties["cluster_id"]);
  const zoom = await map.getSource<GeoJSONSource>("markers")?.getClusterExpansionZoom(id);
  // Said to be by hand, so that the map does not go back to showing the whole.
  if (zoom !== undefined) map.easeTo({ center: [lon, lat], zoom }, { originalEvent: cluster });
}

function district(map: MapLibre): District {
  const source = (id: string) => map.getSource<GeoJSONSource>(id);
  /** What is shown whole, until somebody moves the map. */
  let whole: Bounds | null = null;
  map.on("movestart", ({ originalEvent }) => {
    if (originalEvent) whole = null;
  });
  map.on("resize", () => {
    if (whole) show(whole, false);
  });

  let pinned: Marker | null = null;

  function show(bounds: Bounds, animate: boolean): void {
    const padding = map.getContainer().clientWidth > 500 ? PADDING : 20;
    map.fitBounds(bounds, { padding, maxZoom: 16, animate });
  }

  return {
    segments: (data) => void source("segments")?.setData(data),
    markers: (data) => void source("markers")?.setData(data),
    select(marker, segmentId) {
      map.setFilter("selected", ["==", ["get", "id"], segmentId]);
      void source("chosen")?.setData({ type: "FeatureCollection", features: marker ? [marker] : [] });
    },
    fit(bounds, animate) {
      whole = bounds;
      show(bounds, animate);
    },
    reveal(lon, lat) {
      if (map.getBounds().contains([lon, lat])) return;
      whole = null;
      map.easeTo({ center: [lon, lat] });
    },
    ping(lon, lat, severity) {
      const element = document.createElement("span");
      element.className = "ping";
      element.style.color = token(severity);
      const marker = new Marker({ element }).setLngLat([lon, lat]).addTo(map);
      setTimeout(() => marker.remove(), PING_MS);
    },
    pin(place) {
      pinned?.remove();
      pinned = place && new Marker({ color: token("accent") }).setLngLat(place).addTo(map);
    },
    close: () => map.remove(),
  };
}
