"""From messages to readings: pure, and the same for live ingest, replay and tests."""

from __future__ import annotations

import logging

from facility.readings import Names
from ingest import topics
from ingest.decoders.native import NativeDecoder
from ingest.decoders.shapes import Shapes
from ingest.messages import Decoded, Messages, Quarantined

log = logging.getLogger(__name__)

_MAX_NAMES = 1_000_000
"""Series names and topics remembered; past that they are learned anew, so that a client that
makes up device names cannot fill the memory."""


class Pipeline:
    """Decodes messages by the format their topic tells. ``root`` is the native topics' root."""

    def __init__(self, root: str = "facility") -> None:
        self._root = root
        self._forget()

    def decode(self, messages: Messages, oversized: frozenset[int] = frozenset()) -> Decoded:
        """What became of the messages; no input raises. ``oversized`` were cut by the session."""
        try:
            return self._decode(messages, oversized)
        except Exception:
            # The boundary of the decoders: a message that shows a bug in them must not take the
            # others with it, nor be lost.
            log.exception("a decoder failed; its messages are decoded one by one")
            self._forget()
        decoded = Decoded()
        for at in range(len(messages)):
            one = messages.only(at)
            try:
                decoded.add(self._decode(one, frozenset({0} if at in oversized else ())))
            except Exception as error:  # the same boundary
                self._forget()
                self._refuse(one, 0, "decoder_failed", decoded, repr(error))
        return decoded

    def _decode(self, messages: Messages, oversized: frozenset[int]) -> Decoded:
        if len(self._names) > _MAX_NAMES or len(self._routes) > _MAX_NAMES:
            self._forget()
        decoded = Decoded()
        routes = self._routes
        series = [0] * len(messages)
        for at, topic in enumerate(messages.topics):
            route = routes.get(topic)
            if route is None:
                route = routes[topic] = self._route(topic)
            table, device, series[at] = route
            if oversized and at in oversized:
                self._refuse(messages, at, "oversized", decoded)
            elif table:
                self._native.add(messages, at, table, device, decoded)
            else:
                self._refuse(messages, at, "topic", decoded)
        self._shapes.finish(messages, series, decoded)
        return decoded

    def _forget(self) -> None:
        self._names = Names()
        self._routes: dict[str | bytes, tuple[str, str, int]] = {}
        self._shapes = Shapes(self._names)
        self._native = NativeDecoder(self._shapes)

    def _route(self, topic: str | bytes) -> tuple[str, str, int]:
        """(table, device, its code) of a topic; no table where it is none of ours."""
        text = topic.decode("utf-8", "replace") if isinstance(topic, bytes) else topic
        parsed = topics.parse(self._root, text)
        if parsed is None:
            return "", "", -1
        return parsed.table, parsed.device, self._names.code(parsed.device)

    @staticmethod
    def _refuse(
        messages: Messages, at: int, reason: str, decoded: Decoded, detail: str = ""
    ) -> None:
        decoded.received += 1
        decoded.quarantined.append(Quarantined.of(messages, at, reason, detail))
