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
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import BaseModel, SecretStr

from facility.errors import Retryable, UsageError, without_secret
from facility.packets import Delivery, Packets

__all__ = ["Delivery", "MqttSettings", "Session"]

log = logging.getLogger(__name__)

_CHUNK = 1 << 18
_SMALL = 8_192
_GATHERS_S = 0.002
"""After a small read with messages in it the socket is left alone for so long: a steady flow then
comes in tens a read and not in ones, at a third of the cost."""

_PUBACK = b"\x40\x02"


class MqttSettings(BaseModel, extra="forbid"):
    """Where the broker is. ``url`` is ``mqtt://[user:password@]host[:port]`` or ``mqtts://…``."""

    url: str = "mqtt://127.0.0.1:1883"
    password: SecretStr | None = None
    ca_file: str | None = None
    max_message_bytes: int = 1 << 20


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
        self._packets = Packets(max_message_bytes, self._handle_other)

    def reconnect(self) -> MQTTErrorCode:
        # paho empties its outgoing queue in here. With the number raised first, an old
        # acknowledgement is either in that queue and dropped, or refused by its number; on the
        # new connection its id would mean another message.
        with self._acknowledging:
            self.connection += 1
        self._packets.forget()
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
            rc = MQTTErrorCode(self._packets.take(data, delivery))
            if delivery.topics and self.on_delivery:
                self.on_delivery(delivery)
        except Exception:
            # The one boundary on paho's thread: an exception here would end it while the client
            # still looks connected. Unacknowledged, the messages come again.
            log.exception("a delivery of %d messages could not be taken", len(delivery))
            rc = MQTTErrorCode.MQTT_ERR_CONN_LOST
        if rc:
            return self._loop_rc_handle(rc)
        if delivery.topics and len(data) < _SMALL:
            time.sleep(_GATHERS_S)
        return rc

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
        self._client.on_disconnect = self._on_disconnect
        # No limit of paho's own, for which it walks through all that is under way at each
        # acknowledgement; message ids end it at 65,535, and `publish` says so.
        self._client.max_inflight_messages_set(0)
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
        self._lost = False
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
            self._client._reset_sockets(sockpair_only=True)  # noqa: SLF001 (it makes new ones)
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
        if self._lost:
            self._lost = False
            log.info("the MQTT broker at %s:%s is there again", self._host, self._port)
        if self._subscriptions:
            client.subscribe([(topic, 1) for topic in self._subscriptions])
        else:
            self._ready.set()

    def _on_disconnect(
        self,
        _client: paho.Client,
        _userdata: object,
        _flags: paho.DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        # Once for as long as it lasts; who stays away on purpose says so.
        if self._running and not self._lost and not self._client.away:
            self._lost = True
            words = "the connection to the MQTT broker at %s:%s is lost (%s); trying again"
            log.warning(words, self._host, self._port, reason)

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
            f"{without_secret(settings.url)!r} is no broker address; "
            "write mqtt://host:1883 or mqtts://host:8883"
        )
    secure = parts.scheme == "mqtts"
    secret = settings.password.get_secret_value() if settings.password else None
    password = unquote(parts.password) if parts.password else secret
    user = unquote(parts.username) if parts.username else None
    try:
        port = parts.port or (8883 if secure else 1883)
    except ValueError:
        raise UsageError(
            f"the MQTT broker {parts.hostname} has no port of 1-65535; write mqtt://host:1883"
        ) from None
    return parts.hostname, port, user, password, secure
