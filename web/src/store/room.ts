/** The one store of the page: a snapshot by GET, then the stream. */

import { computed, readonly, ref, shallowReadonly, shallowRef } from "vue";

import { getCase, getHealth, getNewestCases, getSegments } from "../api/client";
import type { Case } from "../api/schema";
import { follow } from "../api/stream";
import { zone } from "../wording/time";
import { type Action, EMPTY, reduce, type RoomState } from "./reduce";
import { stretchFrom } from "./stretch";

const TICK_MS = 500;
const HEALTH_EVERY_MS = 10_000;
const RETRY_MS = 3_000;
/** So many open cases are held; more are asked for when somebody wants them. */
const MOST_CASES = 20_000;

const state = shallowRef<RoomState>(EMPTY);
const tick = ref(Date.now());

/** Not deeply readonly: each of tens of thousands of cases would be looked at through a proxy. */
export const room = shallowReadonly(state) as Readonly<typeof state>;

/** This machine's time, renewed every half second. */
export const wallClock = readonly(tick);

/** The system's time between two messages, ms; null before the first. */
export const systemNow = computed(() => {
  const { clock } = state.value;
  return clock && clock.now + Math.max(0, tick.value - clock.at) * clock.speed;
});

function dispatch(action: Action): void {
  state.value = reduce(state.value, action);
}

async function refreshHealth(): Promise<void> {
  const health = await getHealth();
  zone.value = health.site.timezone;
  dispatch({ type: "health", health, at: Date.now() });
}

/** Whether all open cases are held, or are on their way, or only the newest of them; `n` have come. */
const extent = ref<{ of: "loading" | "all" | "newest"; n: number }>({ of: "loading", n: 0 });
export const casesHeld = readonly(extent);

/** Where the cases go on that are not held. */
let older: string | undefined;
let asking = 0;

async function refreshCases(): Promise<void> {
  dispatch({ type: "casesAsked" });
  older = undefined;
  const found = await askForCases(hold);
  if (found) dispatch({ type: "cases", cases: found });
}

/** Holds as many of the older ones again. */
export async function holdOlder(): Promise<void> {
  if (extent.value.of !== "newest") return;
  try {
    hold((await askForCases(() => undefined)) ?? []);
  } catch {
    extent.value = { ...extent.value, of: "newest" };
  }
}

/** Cases from `older` on, the first page at once; null where they were asked for anew meanwhile. */
async function askForCases(first: (some: Case[]) => void): Promise<Case[] | null> {
  const mine = (asking += 1);
  const before = older === undefined ? 0 : extent.value.n;
  let pages = 0;
  const ask = (cursor: string | undefined) => getNewestCases(["open", "recovered"], cursor);
  const found = await stretchFrom<Case>(ask, older, MOST_CASES, ({ items }) => {
    if (mine !== asking) return false;
    if ((pages += 1) === 1) first([...items]);
    extent.value = { of: "loading", n: before + items.length };
    return true;
  });
  if (!found) return null;
  older = found.next;
  extent.value = { of: older === undefined ? "all" : "newest", n: before + found.items.length };
  return found.items;
}

async function refreshSegments(): Promise<void> {
  dispatch({ type: "segments", collection: await getSegments() });
}

/** Holds cases that came otherwise than by the stream; an older version of one held is passed over. */
export const hold = (cases: readonly Case[]) => dispatch({ type: "found", cases });

/** Asks for one case anew, or for one that is not held. */
export async function reload(id: string): Promise<Case> {
  const found = await getCase(id);
  hold([found]);
  return found;
}

let attempt = 0;

/** Asks for everything; while this connection stands, again until it was answered. */
async function refresh(): Promise<void> {
  const mine = ++attempt;
  const answers = await Promise.allSettled([refreshHealth(), refreshCases(), refreshSegments()]);
  if (answers.every((answer) => answer.status === "fulfilled")) return;
  setTimeout(() => mine === attempt && state.value.line === "live" && void refresh(), RETRY_MS);
}

/** What is missed while a health call fails is what the connection state shows already. */
const askHealth = () => void refreshHealth().catch(() => undefined);

let reconnect: (() => void) | null = null;

/** Begins to follow; called again, it follows at once where the line waits to be tried again. */
export function start(): void {
  if (reconnect !== null) {
    reconnect();
    askHealth();
    return;
  }
  reconnect = follow({
    connected() {
      dispatch({ type: "connected" });
      void refresh();
    },
    lost() {
      dispatch({ type: "lost" });
      askHealth(); // which says whether that was because nobody is signed in any more
    },
    state: (message) => dispatch({ type: "state", message, at: Date.now() }),
    case: (message) => dispatch({ type: "case", message, at: Date.now() }),
  });
  setInterval(() => (tick.value = Date.now()), TICK_MS);
  setInterval(askHealth, HEALTH_EVERY_MS);
}
