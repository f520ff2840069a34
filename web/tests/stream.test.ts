import { expect, it, vi } from "vitest";

import { follow, type Listener } from "../src/api/stream";
import { aState } from "./samples";

/** As much of an EventSource as the page uses; the test plays the browser. */
class Source {
  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  listeners: Record<string, (message: { data: string }) => void> = {};

  addEventListener(name: string, listener: (message: { data: string }) => void) {
    this.listeners[name] = listener;
  }

  fail(readyState: number) {
    this.readyState = readyState;
    this.onerror?.();
  }
}

function played() {
  const sources: Source[] = [];
  const waits: number[] = [];
  const listener = { connected: vi.fn(), lost: vi.fn(), state: vi.fn(), case: vi.fn() };
  let wake: () => void = () => undefined;
  const reconnect = follow(listener satisfies Listener, {
    open: () => sources[sources.push(new Source()) - 1] as unknown as EventSource,
    after: (ms, then) => {
      waits.push(ms);
      wake = then;
    },
  });
  const last = () => sources.at(-1) ?? new Source();
  return { sources, waits, listener, last, reconnect, wake: () => wake() };
}

it("leaves a dropped line to the browser, which resumes it", () => {
  const { sources, waits, listener, last } = played();
  last().onopen?.();
  last().fail(0);
  expect(listener.lost).toHaveBeenCalledOnce();
  expect(sources).toHaveLength(1);
  expect(waits).toEqual([]);
});

it("opens a new stream where the browser gave up, waiting longer each time", () => {
  const { sources, waits, last, wake } = played();
  for (let i = 0; i < 6; i++) {
    last().fail(2);
    wake();
  }
  expect(sources).toHaveLength(7);
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  last().onopen?.();
  last().fail(2);
  expect(waits.at(-1)).toBe(1_000);
});

it("hands on what it hears", () => {
  const { listener, last } = played();
  last().listeners["state"]?.({ data: JSON.stringify(aState()) });
  expect(listener.state).toHaveBeenCalledWith(aState());
});

it("opens one at once when told to, but only where it waits, and not a second one later", () => {
  const { sources, last, wake, reconnect } = played();
  reconnect();
  last().fail(0);
  reconnect();
  expect(sources).toHaveLength(1);
  last().fail(2);
  reconnect();
  expect(sources).toHaveLength(2);
  wake();
  expect(sources).toHaveLength(2);
});
