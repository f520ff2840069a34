"""The MQTT session that ingest, rules, api and simulators share: the one module that knows paho.

paho 2.2 reads a message in three ``recv`` calls and acknowledges it in one ``send``. Here the
socket is read in large pieces, PUBLISH packets are taken out of them in one loop, and the
acknowledgements of a delivery go out as one write. Everything else (connecting, keep-alive,
TLS, publishing) is paho's. ``tests/facility/test_mqtt.py`` fails loudly where paho moves the
places this relies on: ``reconnect``, ``loop_read``, ``_packet_handle``, ``_packet_queue``.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import BaseModel, SecretStr

from facility.errors import Retryable, UsageError

log = logging.getLogger(__name__)

_CHUNK = 1 << 18
_PUBLISH = 0x30
_QOS1 = 0x02
_RETAIN = 0x01
_PUBACK = b"\x40\x02"
_KEPT_OF_OVERSIZED = 4096


class MqttSettings(BaseModel):
    """Where the broker is. ``url`` is ``mqtt://[user:password@]host[:port]`` or ``mqtts://…``."""

    url: str = "mqtt://127.0.0.1:1883"
    password: SecretStr | None = None
    ca_file: str | None = None
    max_message_bytes: int = 1 << 20


@dataclass(slots=True, eq=False)
class Delivery:
    """Messages taken from the socket in one go, as columns, in order of receipt.

    ``mids`` has 0 for a message of QoS 0. ``oversized`` holds the positions of messages of which
    only the first bytes were kept. ``connection`` numbers the connection they came on; ``size``
    is about how many bytes of memory they take.
    """

    connection: int
    size: int = 0
    topics: list[bytes] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    mids: list[int] = field(default_factory=list)
    oversized: set[int] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.topics)

    def add(self, command: int, body: bytes, oversized: bool = False) -> None:
        """Takes one PUBLISH packet's body (MQTT 3.1.1: topic, id where QoS 1, payload)."""
        start = 2 + (body[0] << 8 | body[1])
        mid = 0
        if oversized:
            self.oversized.add(len(self.topics))
        self.topics.append(body[2:start])
        if command & _QOS1:
            mid = body[start] << 8 | body[start + 1]
            start += 2
        self.mids.append(mid)
        self.payloads.append(body[start:])


class _BulkClient(paho.Client):
    """paho's client, reading in large pieces and handing PUBLISH packets on as deliveries."""

    def __init__(self, client_id: str, clean: bool, max_message_bytes: int) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2, client_id, clean_session=clean, manual_ack=True
        )
        self.on_delivery: Callable[[Delivery], None] | None = None
        self.connection = 0
        self.away = False
        self._acknowledging = threading.Lock()
        self._max_message_bytes = max_message_bytes
        self._rest = b""
        self._skip = 0

    def reconnect(self) -> MQTTErrorCode:
        # paho empties its outgoing queue in here. With the number raised first, an old
        # acknowledgement is either in that queue and dropped, or refused by its number; on the
        # new connection its id would mean another message.
        with self._acknowledging:
            self.connection += 1
        self._rest = b""
        self._skip = 0
        if self.away:
            raise ConnectionAbortedError("staying away from the broker")
        return super().reconnect()

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:  # noqa: ARG002 (paho's signature)
        try:
            data = self._sock_recv(_CHUNK)
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        except OSError as error:
            log.warning("reading from the broker failed: %s", error)
            data = b""
        if not data:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        with self._msgtime_mutex:
            self._last_bytes_received = time.monotonic()
        delivery = Delivery(self.connection, len(data))
        try:
            rc = self._parse(data, delivery)
            if delivery.topics and self.on_delivery:
                self.on_delivery(delivery)
        except Exception:
            # The one boundary on paho's thread: an exception here would end it while the client
            # still looks connected. Unacknowledged, the messages come again.
            log.exception("a delivery of %d messages could not be taken", len(delivery))
            rc = MQTTErrorCode.MQTT_ERR_CONN_LOST
        return self._loop_rc_handle(rc) if rc else rc

    def _parse(self, data: bytes, delivery: Delivery) -> MQTTErrorCode:
        """Takes every whole packet out of ``data`` and keeps the rest for the next read."""
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        if self._rest:
            data = self._rest + data
        position, end = 0, len(data)
        while end - position >= 2:
            command = data[position]
            length = data[position + 1]
            body = position + 2
            if length & 0x80:
                length, body = _remaining_length(data, position + 1)
                if body < 0:
                    break
                if body == 0:
                    return MQTTErrorCode.MQTT_ERR_PROTOCOL
            after = body + length
            if length > self._max_message_bytes and command & 0xF0 == _PUBLISH:
                if end - body < _KEPT_OF_OVERSIZED:
                    break
                delivery.add(command, data[body : body + _KEPT_OF_OVERSIZED], oversized=True)
                self._skip = max(0, after - end)
                position = min(after, end)
                continue
            if after > end:
                break
            if command & 0xF0 == _PUBLISH:
                delivery.add(command, data[body:after])
            else:
                rc = self._handle_other(command, data[body:after])
                if rc:
                    return rc
            position = after
        self._rest = data[position:]
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def drop(self) -> None:
        """Cuts the connection; the network thread finds it lost."""
        link = self.socket()
        if isinstance(link, socket.socket):
            with contextlib.suppress(OSError):  # it was lost already
                # Not ssl's shutdown: after it, bytes still waiting would be read as they came.
                socket.socket.shutdown(link, socket.SHUT_RDWR)

    def _handle_other(self, command: int, body: bytes) -> MQTTErrorCode:
        """Lets paho handle a packet that is not a PUBLISH, as if it had read it itself."""
        self._in_packet = {
            "command": command,
            "have_remaining": 1,
            "remaining_count": [],
            "remaining_mult": 1,
            "remaining_length": len(body),
            "packet": bytearray(body),
            "to_process": 0,
            "pos": 0,
        }
        return self._packet_handle()

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Queues the PUBACKs of deliveries as one write, in order of receipt."""
        with self._acknowledging:
            acks = b"".join(
                [
                    _PUBACK + mid.to_bytes(2, "big")
                    for delivery in deliveries
                    if delivery.connection == self.connection
                    for mid in delivery.mids
                    if mid
                ]
            )
            if acks:
                self._packet_queue(paho.PUBACK, acks, 0, 0)


def _remaining_length(data: bytes, at: int) -> tuple[int, int]:
    """(length, position after it); position -1 where bytes are missing, 0 where it is malformed."""
    length = 0
    for i in range(4):
        if at + i >= len(data):
            return 0, -1
        byte = data[at + i]
        length |= (byte & 0x7F) << (7 * i)
        if not byte & 0x80:
            return length, at + i + 1
    return 0, 0


class Session:
    """One connection to the broker, kept up for ever once it first stood.

    ``on_delivery`` is called on the network thread with each delivery, which is acknowledged by
    :meth:`acknowledge` and comes again after a reconnect if it never was. A ``persistent``
    session is kept by the broker while this side is away.
    """

    def __init__(
        self,
        settings: MqttSettings,
        client_id: str,
        *,
        subscriptions: Sequence[str] = (),
        on_delivery: Callable[[Delivery], None] | None = None,
        persistent: bool = False,
    ) -> None:
        self._host, self._port, user, password, secure = _parse_url(settings)
        self._client = _BulkClient(client_id, not persistent, settings.max_message_bytes)
        self._client.on_delivery = self._take
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.max_inflight_messages_set(10_000)
        self._client.reconnect_delay_set(1, 5)
        if user:
            self._client.username_pw_set(user, password)
        if secure:
            self._client.tls_set(ca_certs=settings.ca_file, tls_version=ssl.PROTOCOL_TLS_CLIENT)
        self._subscriptions = tuple(subscriptions)
        self._on_delivery = on_delivery
        self._ready = threading.Event()
        self._refusal = ""
        self._running = False
        self.last_message = time.monotonic()

    def start(self, timeout_s: float = 10) -> None:
        """Connects and subscribes. UsageError where there is no broker or it refuses; later losses
        are mended."""
        try:
            self._client.connect(self._host, self._port, keepalive=60)
        except OSError as error:
            raise UsageError(
                f"no MQTT broker at {self._host}:{self._port} ({error}); start one, "
                "or name it with --mqtt URL or XIUHUA_MQTT__URL"
            ) from error
        self._client.loop_start()
        self._running = True
        if not self._ready.wait(timeout_s):
            self.stop()
            raise UsageError(
                f"the MQTT broker at {self._host}:{self._port} does not accept this client "
                f"({self._refusal or 'no answer'}); check the URL, user and password"
            )

    def stop(self) -> None:
        """Disconnects and ends the network thread; what was not acknowledged comes again."""
        self._running = False
        self._client.disconnect()
        self._client.loop_stop()

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Tells the broker that these messages are safe; those of an earlier connection are not
        mentioned, and come again."""
        self._client.acknowledge(deliveries)

    def leave(self) -> None:
        """Drops the connection and stays away until :meth:`rejoin`.

        The broker keeps what was not acknowledged, and what comes meanwhile, for a persistent
        session.
        """
        self._client.away = True
        self._client.drop()

    def rejoin(self) -> None:
        """Connects again, within seconds."""
        self._client.away = False

    @property
    def connection(self) -> int:
        """The number of the connection, as deliveries carry it."""
        return self._client.connection

    def revive(self) -> None:
        """Starts the network thread again where a fault of paho ended it."""
        if self._running and self._client._thread is None:  # noqa: SLF001 (paho tells nowhere else)
            log.error("the MQTT network thread had ended; it is started again")
            self._client.drop()
            self._client.loop_start()

    def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> None:
        """Queues a message; Retryable where the queue to the broker is full."""
        info = self._client.publish(topic, payload, qos, retain)
        if info.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
            raise Retryable("the queue to the MQTT broker is full")

    @property
    def unsent(self) -> int:
        """Messages published here that the broker has not acknowledged yet."""
        return len(self._client._out_messages)  # noqa: SLF001 (paho has no public count)

    @property
    def alive(self) -> bool:
        """The network thread runs and the broker is connected."""
        thread = self._client._thread  # noqa: SLF001 (paho tells nowhere else)
        return thread is not None and thread.is_alive() and self._client.is_connected()

    def _take(self, delivery: Delivery) -> None:
        self.last_message = time.monotonic()
        if self._on_delivery:
            self._on_delivery(delivery)

    def _on_connect(
        self,
        client: paho.Client,
        _userdata: object,
        _flags: paho.ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._refusal = str(reason)
            return
        if self._subscriptions:
            client.subscribe([(topic, 1) for topic in self._subscriptions])
        else:
            self._ready.set()

    def _on_subscribe(
        self,
        _client: paho.Client,
        _userdata: object,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        refused = [
            topic
            for topic, reason in zip(self._subscriptions, reasons, strict=False)
            if reason.is_failure
        ]
        if refused:
            self._refusal = f"it refuses the subscription to {refused[0]}"
            log.error("the MQTT broker refuses the subscription to %s", ", ".join(refused))
        else:
            self._ready.set()


def _parse_url(settings: MqttSettings) -> tuple[str, int, str | None, str | None, bool]:
    parts = urlsplit(settings.url)
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise UsageError(
            f"{settings.url!r} is no broker address; write mqtt://host:1883 or mqtts://host:8883"
        )
    secure = parts.scheme == "mqtts"
    secret = settings.password.get_secret_value() if settings.password else None
    password = unquote(parts.password) if parts.password else secret
    user = unquote(parts.username) if parts.username else None
    return parts.hostname, parts.port or (8883 if secure else 1883), user, password, secure
