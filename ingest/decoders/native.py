"""The native topics: a JSON object, or an array of them, straight into shapes; or a SenML pack."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

import msgspec

from ingest.decoders import senml
from ingest.decoders.shapes import ITEM, MADE, Shapes
from ingest.decoders.singles import Single
from ingest.messages import Decoded, Messages, Quarantined

_MAX_DIGITS = 400
"""Digits of an integer that are read as such; one with more is beyond float64 anyway."""

_ARRAY = frozenset((b"[", "["))

_parse = msgspec.json.Decoder().decode


def loads(payload: bytes | str) -> Any:
    """The JSON value of a payload. ValueError or RecursionError where it is none.

    A number beyond float64 is read as infinite, to cost no more than its field.
    """
    try:
        return _parse(payload)
    except msgspec.ValidationError:
        return json.loads(payload, parse_int=_integer, parse_constant=_refuse)


class NativeDecoder:
    """Reads the payloads of messages on native topics into ``shapes``."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self._tables = shapes.tables

    def add(
        self, messages: Messages, at: int, table: str, device: str, decoded: Decoded
    ) -> Single | None:
        """Takes the payload of message ``at``; what cannot be read goes to quarantine.

        What the next message of its topic is expected to be, None where nothing can be said.
        """
        payload = messages.payloads[at]
        if payload[:1] in _ARRAY and self._shapes.arrays.take(table, payload, at):
            return None
        try:
            value = loads(payload)
        except (ValueError, RecursionError) as error:
            decoded.received += 1
            decoded.quarantined.append(Quarantined.of(messages, at, "unreadable", str(error)))
            return None
        if type(value) is dict:
            decoded.received += 1
            # Most messages of the long way come by here: a shape that is known already.
            shape = self._tables[table].get(tuple(value))
            if shape is None:
                self._shapes.take(table, value, at, decoded)
            else:
                shape.readings.append(value)
                shape.places.append(at)
            return self._shapes.singles.after(table, value)
        if not isinstance(value, list) or not value:
            decoded.received += 1
            decoded.quarantined.append(Quarantined.of(messages, at, "not_an_object"))
            return None
        if senml.is_pack(value, table):
            self._add_pack(value, messages, at, table, device, decoded)
            return None
        decoded.received += len(value)
        place = at
        for reading in value:
            place += ITEM
            if isinstance(reading, dict):
                self._shapes.take(table, reading, place, decoded)
            else:
                raw = json.dumps(reading).encode()
                self._shapes.refused.take(messages, at, "not_an_object", decoded, raw)
        return None

    def _add_pack(
        self,
        pack: list[Any],
        messages: Messages,
        at: int,
        table: str,
        device: str,
        decoded: Decoded,
    ) -> None:
        try:
            readings = senml.readings(pack, table, device, messages.arrived[at], decoded.dropped)
        except senml.BadPack as error:
            decoded.received += 1
            decoded.quarantined.append(Quarantined.of(messages, at, "bad_senml", str(error)))
            return
        decoded.received += len(readings)
        for reading in readings:
            self._shapes.take(table, reading, at + MADE, decoded)


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else math.copysign(math.inf, float(digits[:2]))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
