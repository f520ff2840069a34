"""One client's stream: what it missed, then what comes, until it leaves or is dropped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.hub import MOST_OF_ONE, PAGE, Client, Hub
from api.problems import RETRY_AFTER_S, problem_response
from facility.errors import Retryable

HEARTBEAT_S = 15.0
LAST_WORD_S = 1.0
"""How long a client that is dropped may take to read why."""
CHECK_S = 5.0
"""How often it is looked whether the client may still listen."""
RETRY_MS = 2_000
"""What a browser waits before it reconnects."""

Say = Callable[[bytes], Awaitable[None]]


class EventStream(Response):
    """Server-sent events from the hub; with ``last_seen`` from the case event after that one on.

    ``of`` is whose they are, and has MOST_OF_ONE at a time: one more is answered with 429.
    ``lasting`` says whether the client may still listen. Telling is a task of its own: a client
    that has stopped reading blocks it, and it is ended when the hub drops the client, the server
    stops, the client may listen no longer, or it has gone.
    """

    media_type = "text/event-stream"

    def __init__(
        self, hub: Hub, of: str, last_seen: int | None, lasting: Callable[[], bool]
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._hub = hub
        self._of = of
        self._last_seen = last_seen
        self._lasting = lasting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = self._hub.join(self._of)
        if client is None:
            await _too_many()(scope, receive, send)
            return
        try:
            await self._told_to(client, receive, send)
        finally:
            self._hub.leave(client)

    async def _told_to(self, client: Client, receive: Receive, send: Send) -> None:
        async def say(message: bytes, more: bool = True) -> None:
            await send({"type": "http.response.body", "body": message, "more_body": more})

        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        telling = asyncio.create_task(self._tell(client, say))
        gone = asyncio.create_task(_gone(receive))
        ended = asyncio.create_task(client.ended.wait())
        shut_out = asyncio.create_task(self._shut_out())
        last_word: asyncio.Task[None] | None = None
        try:
            await asyncio.wait(
                {telling, gone, ended, shut_out}, return_when=asyncio.FIRST_COMPLETED
            )
            if (ended.done() or shut_out.done()) and not gone.done():
                telling.cancel()
                await asyncio.wait({telling})
                why = client.why if ended.done() else "signed out"
                last_word = asyncio.create_task(say(f": {why}\n\n".encode(), False))
                await asyncio.wait({last_word, gone}, timeout=LAST_WORD_S)
        finally:
            tasks = [
                task for task in (telling, gone, ended, shut_out, last_word) if task is not None
            ]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if not telling.cancelled() and (error := telling.exception()) is not None:
            raise error

    async def _shut_out(self) -> None:
        """Returns when the client may listen no longer."""
        while True:
            await asyncio.sleep(CHECK_S)
            try:
                if not await asyncio.to_thread(self._lasting):
                    return
            except Retryable:
                continue  # nobody is shut out while the database that says so is away

    async def _tell(self, client: Client, say: Say) -> None:
        await say(b"retry: %d\n\n" % RETRY_MS)
        state = await _next(client, say)
        await self._catch_up(client.after, say)
        # Without an event: the number a client resumes from that reconnects before the first one.
        await say(b"id: %d\n\n" % client.after)
        await say(state)
        while True:
            await say(await _next(client, say))

    async def _catch_up(self, until: int, say: Say) -> None:
        """The events after ``last_seen`` up to number ``until``, where the hub's begin."""
        after = until if self._last_seen is None else self._last_seen
        while after < until:
            try:
                events = await asyncio.to_thread(self._hub.feed.events_after, after, PAGE)
            except Retryable:
                await say(b": waiting\n\n")
                await asyncio.sleep(1)
                continue
            missed = [(seq, message) for seq, message in events if seq <= until]
            if not missed:
                return
            after = missed[-1][0]
            await say(b"".join(message for _, message in missed))


async def _next(client: Client, say: Say) -> bytes:
    """The client's next message; keeps the connection alive meanwhile."""
    while True:
        try:
            return await asyncio.wait_for(client.messages.get(), HEARTBEAT_S)
        except TimeoutError:
            await say(b": alive\n\n")


def _too_many() -> Response:
    return problem_response(
        429,
        f"{MOST_OF_ONE} streams of this account are open; close one, or sign in as somebody else",
        {"Retry-After": str(RETRY_AFTER_S)},
        detail_zh=f"此账号已打开 {MOST_OF_ONE} 个实时连接,请先关闭其中一个,或换一个账号",
    )


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
