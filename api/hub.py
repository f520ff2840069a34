"""One poller for all clients of the stream: it asks once, and everyone gets the same bytes.

A hub belongs to the server's event loop; :meth:`Hub.wake` and :meth:`Hub.close` may be called
from any thread. The feed's questions run on other threads.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from api.feed import Feed, StateNow
from facility.errors import Retryable

log = logging.getLogger(__name__)

POLL_S = 0.3
STATE_S = 2.0
PAGE = 500
"""Case events asked for at once."""
QUEUE = 64
"""Messages a client may be behind: two minutes of a quiet stream."""
MOST_OF_ONE = 20
"""Streams of one account or key at a time: a control room's tabs and walls."""
STOPS = "the server stops"


@dataclass(eq=False, slots=True)
class Client:
    """One listener: what it still has to be sent, following case event number ``after``.

    ``of`` is whose account or key let it in. ``ended`` is set, with ``why``, when nothing more
    will come.
    """

    of: str = ""
    after: int = 0
    messages: asyncio.Queue[bytes] = field(default_factory=lambda: asyncio.Queue(QUEUE))
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    why: str = ""

    def start(self, after: int, state: StateNow) -> None:
        self.after = after
        self.messages.put_nowait(state.message())

    def end(self, why: str) -> None:
        self.why = self.why or why
        self.ended.set()


class Hub:
    """Polls the feed while it runs, and hands what is new to every client."""

    def __init__(self, feed: Feed, poll_s: float = POLL_S) -> None:
        self.feed = feed
        self.problem = ""
        """Why the feed could not be asked the last time; empty when it could."""
        self.dropped = 0
        """Clients dropped for reading too slowly."""
        self._poll_s = poll_s
        self._clients: set[Client] = set()
        self._seq = 0
        self._state: StateNow | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()
        self._closed = False

    @property
    def clients(self) -> int:
        """How many clients there are now."""
        return len(self._clients)

    async def run(self) -> None:
        """Polls until the hub is closed."""
        self._loop = asyncio.get_running_loop()
        state_due = 0.0
        while not self._closed:
            self._woken.clear()
            try:
                if self._state is None:
                    await self._begin()
                await self._tell_events()
                if time.monotonic() >= state_due:
                    state_due = time.monotonic() + STATE_S
                    await self._tell_state()
            except Retryable as error:
                if not self.problem:
                    log.warning("the stream waits: %s", error)
                self.problem = str(error)
            except Exception:
                # A bug must not silence the stream for good; it is logged once while it lasts.
                if not self.problem:
                    log.exception("the stream cannot tell what is new")
                self.problem = "a fault of this server; its log says more"
            else:
                if self.problem:
                    log.info("the stream goes on")
                self.problem = ""
            await self._pause()
        self._end_all()

    def wake(self) -> None:
        """Polls now instead of a little later. From any thread."""
        self._from_any_thread(self._woken.set)

    def close(self) -> None:
        """Ends every client's stream, and the poller. From any thread."""
        self._closed = True
        self._from_any_thread(self._end_all)

    def join(self, of: str) -> Client | None:
        """A client from here on; None where ``of`` has as many as one may have.

        Its first message is the state it starts from, and tells that ``after`` is known; while the
        feed is away it waits for both.
        """
        if sum(client.of == of for client in self._clients) >= MOST_OF_ONE:
            return None
        client = Client(of)
        self._clients.add(client)
        if self._closed:
            client.end(STOPS)
        elif self._state is not None:
            client.start(self._seq, self._state)
        return client

    def leave(self, client: Client) -> None:
        """The client has gone."""
        self._clients.discard(client)

    async def _begin(self) -> None:
        seq = await asyncio.to_thread(self.feed.last_seq)
        state = await asyncio.to_thread(self.feed.state)
        self._seq, self._state = seq, state
        for client in self._clients:
            client.start(seq, state)

    async def _tell_events(self) -> None:
        while events := await asyncio.to_thread(self.feed.events_after, self._seq, PAGE):
            self._seq = events[-1][0]
            self._send(b"".join(message for _, message in events))
            if len(events) < PAGE:
                return

    async def _tell_state(self) -> None:
        state = await asyncio.to_thread(self.feed.state)
        before, self._state = self._state, state
        if self._clients:
            self._send(state.message(before))

    def _send(self, message: bytes) -> None:
        for client in list(self._clients):
            try:
                client.messages.put_nowait(message)
            except asyncio.QueueFull:
                self.leave(client)
                self.dropped += 1
                client.end("too slow; reconnect to resume")

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._woken.wait(), self._poll_s)
        except TimeoutError:
            return

    def _from_any_thread(self, call: Callable[[], None]) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: nobody listens any more
                self._loop.call_soon_threadsafe(call)

    def _end_all(self) -> None:
        self._woken.set()
        for client in list(self._clients):
            client.end(STOPS)
