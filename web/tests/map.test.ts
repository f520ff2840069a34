import { expect, it } from "vitest";

import { boundsOf, markerFeatures, markerOf, ORDER, sameMarkers, segmentFeatures } from "../src/map/features";
import { aCase, aSegment } from "./samples";

it("a segment is drawn in the state it has now", () => {
  const shapes = new Map([["S-1", aSegment("S-1", "lit")]]);
  const now = { state: "dark", lit: 0, dark: 10, off: 0, silent: 0, unknown: 0 };
  const { features } = segmentFeatures(shapes, new Map([["S-1", now]]));
  expect(features[0]?.properties).toMatchObject({ id: "S-1", state: "dark", dark: 10, road: "花园路" });
});

it("a marker stands for a case with a place that no segment shows", () => {
  const { features } = markerFeatures([
    aCase({ id: "lamp" }),
    aCase({ id: "segment", subject: "segment:S-1" }),
    aCase({ id: "nowhere", lon: null, lat: null }),
    aCase({ id: "closed", state: "closed" }),
    aCase({ id: "better", type: "cover.displaced", subject: "cover:M-1", state: "recovered" }),
    aCase({ id: "strange", type: "new.type", subject: "widget:W" }),
  ]);
  expect(features.map(({ properties }) => [properties.id, properties.image])).toEqual([
    ["lamp", "streetlight attention"],
    ["better", "cover recovered"],
    ["strange", "other attention"],
  ]);
});

it("the marker of a case says how urgent it is, by which clusters are coloured", () => {
  const order = (some: Parameters<typeof aCase>[0]) => markerOf(aCase(some))?.properties.order;
  expect(order({ type: "cover.displaced" })).toBe(ORDER.urgent);
  expect(order({ type: "cover.displaced", state: "recovered" })).toBe(0);
  expect(markerOf(aCase({ lon: null }))).toBeNull();
});

it("markers are drawn anew only where one is another", () => {
  const of = (some: Parameters<typeof aCase>[0]) => markerFeatures([aCase({ id: "A" }), aCase({ id: "B", ...some })]);
  expect(sameMarkers(of({}), of({ version: 2, stage: "handling", supervision: 1 }))).toBe(true);
  for (const other of [{ state: "recovered" as const }, { state: "closed" as const }, { lon: 113.7 }, { id: "C" }]) {
    expect(sameMarkers(of({}), of(other))).toBe(false);
  }
});

it("the bounds hold every point", () => {
  const lone = markerFeatures([aCase({ lon: 114, lat: 34 })]).features;
  expect(boundsOf([aSegment("S-1", "lit"), ...lone])).toEqual([113.6, 34, 114, 34.8]);
  expect(boundsOf([])).toBeNull();
});
