/** The look of the map: our own data on a plain ground. No tiles, glyphs or sprites are fetched. */

import type {
  ExpressionSpecification,
  FilterSpecification,
  LayerSpecification,
  StyleSpecification,
  SymbolLayerSpecification,
} from "maplibre-gl";

import { token } from "../style/tokens";
import { ORDER } from "./features";

const STATES = ["lit", "partly_dark", "dark", "silent", "off", "unknown"] as const;

const EMPTY = { type: "FeatureCollection" as const, features: [] };
export const HIT_LAYER = "segment-hit";
export const MARKER_LAYER = "marker";
export const POINT_LAYER = "segment-point";
export const CLUSTER_LAYER = "cluster";

/** Markers nearer to each other than this, px, are one disc with their number, up to that zoom. */
const CLUSTER_RADIUS = 30;
const CLUSTER_MAX_ZOOM = 15;

const colourOfState = (): ExpressionSpecification => [
  "match",
  ["get", "state"],
  ...STATES.flatMap((state) => [state, token(`state-${state}`)]),
  token("state-unknown"),
] as unknown as ExpressionSpecification;

/** A width that grows with the scale: px at zooms 11, 14 and 17. */
const width = (far: number, middle: number, near: number): ExpressionSpecification => [
  "interpolate", ["exponential", 1.5], ["zoom"], 11, far, 14, middle, 17, near,
];

const inState = (...states: string[]): FilterSpecification => [
  "in", ["get", "state"], ["literal", states],
];

function line(
  id: string,
  filter: FilterSpecification,
  paint: NonNullable<Extract<LayerSpecification, { type: "line" }>["paint"]>,
  cap: "round" | "butt" = "round",
): LayerSpecification {
  const layout = { "line-cap": cap, "line-join": "round" as const };
  return { id, type: "line", source: "segments", filter, layout, paint };
}

/**
 * Drawn from the bottom up: sound segments thin, unknown ones dotted, silent ones dashed, dark ones
 * wide with a glow.
 */
function segmentLayers(): LayerSpecification[] {
  const all: FilterSpecification = true;
  return [
    line("road", all, { "line-color": token("road"), "line-width": width(2.5, 9, 30) }),
    line("dark-glow", inState("dark"), {
      "line-color": token("state-dark"),
      "line-width": width(12, 24, 60),
      "line-opacity": 0.42,
      "line-blur": width(7, 14, 34),
    }),
    line("sound", ["!", inState("dark", "partly_dark", "silent", "unknown")] as FilterSpecification, {
      "line-color": colourOfState(),
      "line-width": width(1.3, 3, 8),
      "line-opacity": 0.85,
    }),
    line("unknown", inState("unknown"), {
      "line-color": token("state-unknown"),
      "line-width": width(1.6, 3, 8),
      "line-dasharray": [0.1, 2.2],
    }),
    line(
      "silent",
      inState("silent"),
      {
        "line-color": token("state-silent"),
        "line-width": width(2.6, 4.5, 10),
        "line-dasharray": [1.4, 1.1],
      },
      "butt",
    ),
    line("partly-dark", inState("partly_dark"), {
      "line-color": token("state-partly_dark"),
      "line-width": width(3, 5, 12),
    }),
    line("dark", inState("dark"), {
      "line-color": token("state-dark"),
      "line-width": width(4, 7, 16),
    }),
    line("selected", ["==", ["get", "id"], ""], {
      "line-color": token("text"),
      "line-width": width(1.5, 2, 3),
      "line-gap-width": width(8, 13, 26),
    }),
    line(HIT_LAYER, all, { "line-color": "#000", "line-opacity": 0, "line-width": 18 }),
    {
      id: POINT_LAYER,
      type: "circle",
      source: "segments",
      filter: ["==", ["geometry-type"], "Point"],
      paint: {
        "circle-radius": width(2.5, 4, 8),
        "circle-color": colourOfState(),
        "circle-stroke-width": 2,
        "circle-stroke-color": token("road"),
      },
    },
  ];
}

const FONTS = ["Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "sans-serif"];

/** Names are drawn with the machine's own fonts, since the style names no glyph server. */
const labels = (): LayerSpecification => ({
  id: "road-name",
  type: "symbol",
  source: "segments",
  minzoom: 11.5,
  layout: {
    "symbol-placement": "line",
    "symbol-spacing": 420,
    "text-field": ["coalesce", ["get", "road"], ""],
    "text-font": FONTS,
    "text-size": 13,
    "text-offset": [0, 1.1],
    "text-max-angle": 30,
  },
  paint: {
    "text-color": token("text-soft"),
    "text-halo-color": token("ground"),
    "text-halo-width": 1.6,
  },
});

/** By the worst of its cases; where all have recovered it is a ring, as one marker is. */
const ofWorst = (recovered: string): ExpressionSpecification => [
  "match", ["get", "worst"],
  ORDER.urgent, token("urgent"), ORDER.attention, token("attention"), ORDER.notice, token("notice"),
  recovered,
];

function clusters(): LayerSpecification[] {
  const filter: FilterSpecification = ["has", "point_count"];
  return [
    {
      id: CLUSTER_LAYER,
      type: "circle",
      source: "markers",
      filter,
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["log10", ["get", "point_count"]], 0.3, 12, 1, 14, 2, 17, 4, 24],
        "circle-color": ofWorst(token("surface")),
        "circle-stroke-width": 2,
        "circle-stroke-color": ["case", ["==", ["get", "worst"], 0], token("recovered"), token("ground")],
      },
    },
    {
      id: "cluster-count",
      type: "symbol",
      source: "markers",
      filter,
      layout: {
        "text-field": ["to-string", ["get", "point_count"]],
        "text-font": FONTS,
        "text-size": 13,
        "text-allow-overlap": true,
        "text-ignore-placement": true,
      },
      paint: {
        "text-color": ["case", ["==", ["get", "worst"], 0], token("text"), token("on-mark")],
      },
    },
  ];
}

const icons = (size: ExpressionSpecification | number): NonNullable<SymbolLayerSpecification["layout"]> => ({
  "icon-image": ["get", "image"],
  "icon-size": size,
  "icon-allow-overlap": true,
  "symbol-sort-key": ["get", "order"],
});

export function districtStyle(): StyleSpecification {
  return {
    version: 8,
    sources: {
      segments: { type: "geojson", data: EMPTY, tolerance: 0.2 },
      markers: {
        type: "geojson",
        data: EMPTY,
        cluster: true,
        clusterRadius: CLUSTER_RADIUS,
        clusterMaxZoom: CLUSTER_MAX_ZOOM,
        clusterProperties: { worst: ["max", ["get", "order"]] },
      },
      chosen: { type: "geojson", data: EMPTY },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": token("ground") } },
      ...segmentLayers(),
      labels(),
      {
        id: MARKER_LAYER,
        type: "symbol",
        source: "markers",
        filter: ["!", ["has", "point_count"]],
        layout: icons(["interpolate", ["linear"], ["zoom"], 11, 0.62, 14, 1]),
      },
      ...clusters(),
      // The selected one stands above the others, out of any cluster that it is in.
      {
        id: "chosen-ring",
        type: "circle",
        source: "chosen",
        paint: {
          "circle-radius": 21,
          "circle-color": token("ground"),
          "circle-opacity": 0.6,
          "circle-stroke-width": 2.5,
          "circle-stroke-color": token("text"),
        },
      },
      {
        id: "chosen",
        type: "symbol",
        source: "chosen",
        layout: icons(1),
      },
    ],
  };
}
