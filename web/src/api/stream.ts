/** The stream of server-sent events, kept open for as long as the page is. */

import { BASE } from "./call";
import type { CaseMessage, StateMessage } from "./schema";

export interface Listener {
  /** A connection stands, the first or a later one: what was missed may be asked for now. */
  connected(): void;
  lost(): void;
  state(message: StateMessage): void;
  case(message: CaseMessage): void;
}

/** How a stream is opened and how one waits: handed in, so that tests need neither server nor time. */
export interface Means {
  open(url: string): EventSource;
  after(ms: number, then: () => void): void;
}

const BROWSER: Means = {
  open: (url) => new EventSource(url),
  after: (ms, then) => void setTimeout(then, ms),
};

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;

/**
 * Follows the stream. The browser reconnects by itself, with Last-Event-ID, while the server merely
 * drops the line; where it gives up (the server answered with an error), a new stream is opened
 * after a wait that doubles up to 15 s. What is returned opens one at once where it waits for that.
 */
export function follow(listener: Listener, means: Means = BROWSER): () => void {
  let wait = FIRST_WAIT_MS;
  let turn = 0;
  let waiting = 0;

  function connect(): void {
    waiting = 0;
    const source = means.open(`${BASE}stream`);
    source.onopen = () => {
      wait = FIRST_WAIT_MS;
      listener.connected();
    };
    source.onerror = () => {
      listener.lost();
      if (source.readyState !== 2 /* CLOSED */) return;
      const mine = (waiting = turn += 1);
      means.after(wait, () => mine === waiting && connect());
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    };
    source.addEventListener("state", (message) => {
      listener.state(JSON.parse(message.data) as StateMessage);
    });
    source.addEventListener("case", (message) => {
      listener.case(JSON.parse(message.data) as CaseMessage);
    });
  }

  connect();
  return () => {
    if (waiting) connect();
  };
}
