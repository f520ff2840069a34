"""From messages to readings: pure, and the same for live ingest, replay and tests."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from facility.readings import Names
from ingest import topics
from ingest.decoders import chirpstack, thethingsstack
from ingest.decoders.native import NativeDecoder
from ingest.decoders.shapes import Shapes
from ingest.decoders.singles import Single
from ingest.decoders.uplink import Reader, UplinkDecoder
from ingest.messages import Decoded, Messages, Quarantined
from ingest.profiles.installed import Installed
from ingest.profiles.profile import Profiles, shipped

log = logging.getLogger(__name__)

_MAX_NAMES = 1_000_000
"""Series names and topics remembered; past that they are learned anew, so that a client that
makes up device names cannot fill the memory."""

_LONGEST = 256
"""Bytes of a topic that is remembered; a longer one, of up to 65,535, is taken apart each time."""


_READERS: dict[topics.Network, Reader] = {
    "chirpstack": chirpstack.read,
    "thethingsstack": thethingsstack.read,
}


@dataclass(slots=True)
class _Route:
    """Where messages of a topic go: a native table, the reader of an uplink, or nowhere.

    ``expects`` is what the next one is expected to be by the last, where anything is.
    """

    table: str = ""
    device: str = ""
    series: int = -1
    reader: Reader | None = None
    expects: Single | None = None


class Pipeline:
    """Decodes messages by the format their topic tells.

    ``root`` is the native topics' root. ``profiles`` are those of LoRaWAN devices, the shipped
    ones unless told. ``installed`` is what is known of how sensors were installed; decoding adds
    to it, and whoever owns it keeps it.
    """

    def __init__(
        self,
        root: str = "facility",
        profiles: Profiles | None = None,
        installed: Installed | None = None,
    ) -> None:
        self._root = root
        self._profiles = shipped() if profiles is None else profiles
        self._installed = Installed() if installed is None else installed
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
                route = self._route(topic)
                if len(topic) <= _LONGEST:
                    routes[topic] = route
            series[at] = route.series
            if at in oversized:
                self._refuse(messages, at, "oversized", decoded)
            elif route.expects is not None:
                route.expects.waiting.append(at)
            else:
                series[at] = self._take(messages, at, route, decoded)
        for at in self._shapes.singles.read(messages.payloads):
            self._take(messages, at, routes[messages.topics[at]], decoded)
        self._shapes.finish(messages, series, decoded)
        return decoded

    def _take(self, messages: Messages, at: int, route: _Route, decoded: Decoded) -> int:
        """Takes message ``at`` as whatever it is; the code of its series."""
        if route.table:
            route.expects = self._native.add(messages, at, route.table, route.device, decoded)
        elif route.reader:
            return self._uplinks.add(route.reader, messages, at, route.device, decoded)
        else:
            self._refuse(messages, at, "topic", decoded)
        return route.series

    def _forget(self) -> None:
        self._names = Names()
        self._routes: dict[str | bytes, _Route] = {}
        self._shapes = Shapes(self._names)
        self._native = NativeDecoder(self._shapes)
        self._uplinks = UplinkDecoder(self._shapes, self._names, self._profiles, self._installed)

    def _route(self, topic: str | bytes) -> _Route:
        text = topic.decode("utf-8", "replace") if isinstance(topic, bytes) else topic
        if native := topics.parse(self._root, text):
            return _Route(native.table, native.device, self._names.code(native.device))
        if uplink := topics.parse_uplink(text):
            return _Route(device=uplink[1], reader=_READERS[uplink[0]])
        return _Route()

    @staticmethod
    def _refuse(
        messages: Messages, at: int, reason: str, decoded: Decoded, detail: str = ""
    ) -> None:
        decoded.received += 1
        decoded.quarantined.append(Quarantined.of(messages, at, reason, detail))
