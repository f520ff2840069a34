"""The bus over the broker, for services in processes of their own.

Topics under ``xiuhua/``: ``batch/{table}`` a packed batch, ``state/{kind}`` (retained) and
``health/{service}`` (retained) msgpack. QoS 1 for batches; a listener that was away does without
them, since the readings store has them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec
import numpy as np

from facility import wire
from facility.bus import Health, KindState, Message
from facility.errors import Retryable
from facility.measurements import Kind
from facility.mqtt import Delivery, MqttSettings, Session
from facility.readings import Names, ReadingBatch

log = logging.getLogger(__name__)


class _PackedState(msgspec.Struct, array_like=True):
    kind: Kind
    at: int
    ids: tuple[str, ...]
    vocabulary: tuple[str, ...]
    state: bytes
    last_seen: bytes


class MqttBus:
    """Publishes and listens under ``root``; ``topics`` are what this service listens to."""

    def __init__(
        self,
        settings: MqttSettings,
        client_id: str,
        listens_to: tuple[str, ...] = (),
        root: str = "xiuhua",
    ) -> None:
        self._root = root
        self._names = Names()
        self._listeners: list[Callable[[Message], None]] = []
        # A full district's state is one message.
        roomy = settings.model_copy(update={"max_message_bytes": 64 << 20})
        self._session = Session(
            roomy,
            client_id,
            subscriptions=[f"{root}/{topic}" for topic in listens_to],
            on_delivery=self._hear,
        )
        self._session.start()

    def publish(self, message: Message) -> None:
        try:
            match message:
                case ReadingBatch():
                    self._send(f"batch/{message.table}", wire.pack(message))
                case KindState():
                    self._send(f"state/{message.kind}", _pack_state(message), retain=True)
                case Health():
                    packed = msgspec.msgpack.encode(message)
                    self._send(f"health/{message.service}", packed, retain=True)
        except Retryable as error:
            log.warning("%s; a %s was not told", error, type(message).__name__)

    def listen(self, listener: Callable[[Message], None]) -> None:
        self._listeners.append(listener)

    def close(self) -> None:
        self._session.stop()

    def _send(self, topic: str, payload: bytes, retain: bool = False) -> None:
        self._session.publish(f"{self._root}/{topic}", payload, retain=retain)

    def _hear(self, delivery: Delivery) -> None:
        self._session.acknowledge([delivery])
        for topic, payload in zip(delivery.topics, delivery.payloads, strict=True):
            try:
                message = self._unpack(topic.decode(), payload)
            except (ValueError, msgspec.DecodeError) as error:
                log.warning("a message on %r is none of the bus: %s", topic, error)
                continue
            for listener in self._listeners:
                listener(message)

    def _unpack(self, topic: str, payload: bytes) -> Message:
        if topic.startswith(f"{self._root}/batch/"):
            if len(self._names) > 1_000_000:
                self._names = Names()
            return wire.unpack(payload, self._names)
        if topic.startswith(f"{self._root}/state/"):
            return _unpack_state(payload)
        return msgspec.msgpack.decode(payload, type=Health)


def _pack_state(state: KindState) -> bytes:
    return msgspec.msgpack.encode(
        _PackedState(
            state.kind,
            state.at,
            state.ids,
            state.vocabulary,
            state.state.astype("<i1").tobytes(),
            state.last_seen.astype("<i8").tobytes(),
        )
    )


def _unpack_state(payload: bytes) -> KindState:
    packed = msgspec.msgpack.decode(payload, type=_PackedState)
    state = np.frombuffer(packed.state, "<i1").astype(np.int8)
    last_seen = np.frombuffer(packed.last_seen, "<i8").astype(np.int64)
    if not len(state) == len(last_seen) == len(packed.ids):
        raise ValueError("a state whose columns do not fit together")
    return KindState(packed.kind, packed.at, packed.ids, packed.vocabulary, state, last_seen)
