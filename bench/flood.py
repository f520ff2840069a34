"""A publisher for benchmarks: ready PUBLISH packets over one socket, as fast or as slow as asked.

It does what a fleet does to a broker and costs as little of the machine as it can, so that what is
left of two cores goes to the parts that are measured.
"""

from __future__ import annotations

import json
import random
import socket
import time
from multiprocessing.synchronize import Event

_CONNECT = b"\x00\x04MQTT\x04\x02\x00\x3c\x00\x05flood"
_OUTSTANDING = 10_000
"""Messages the broker may still have to acknowledge."""

_AT_ONCE = 200


def _packet(kind: int, body: bytes) -> bytes:
    length = len(body)
    size = bytearray()
    while True:
        size.append(length % 128 | (128 if length > 127 else 0))
        length //= 128
        if not length:
            return bytes([kind]) + bytes(size) + body


def publish_packet(topic: str, payload: bytes, mid: int) -> bytes:
    """A QoS 1 PUBLISH of MQTT 3.1.1."""
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + mid.to_bytes(2, "big") + payload
    return _packet(0x32, body)


def lamp_reading(ts: int, chance: random.Random) -> bytes:
    """Seven fields, as a lamp's controller sends them."""
    return json.dumps(
        {
            "ts": ts,
            "on": True,
            "dim_pct": 75,
            "power_w": round(chance.uniform(43.0, 46.0), 1),
            "voltage_v": round(chance.uniform(228.0, 236.0), 1),
            "current_a": 0.21,
            "power_factor": 0.91,
            "energy_kwh": 1234.5,
        }
    ).encode()


def flood(
    port: int,
    root: str,
    messages: int,
    per_message: int,
    rate: float | None,
    ready: Event,
    go: Event,
) -> None:
    """Publishes QoS 1 messages of 10,000 lamps once told to ``go``, and waits for every PUBACK.

    Each of a message's ``per_message`` readings has the moment of sending as its ``ts``, a
    millisecond apart from the next. ``rate`` is messages a second, None as fast as it goes.
    """
    chance = random.Random(1)
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.sendall(_packet(0x10, _CONNECT))
        link.recv(4)
        link.setblocking(False)
        sent = acknowledged = 0
        ready.set()
        go.wait()
        start = time.perf_counter()
        # One reading's bytes in two halves, so that only its time is made anew.
        head, tail = lamp_reading(0, chance).split(b'"ts": 0', 1)
        waiting = b""
        while acknowledged < messages * 4:
            may = messages if rate is None else int((time.perf_counter() - start) * rate)
            now = time.time_ns() // 1_000_000
            many = min(may, messages, acknowledged // 4 + _OUTSTANDING, sent + _AT_ONCE) - sent
            if many > 0 and not waiting:
                packets = []
                for number in range(sent, sent + many):
                    readings = [head + b'"ts": %d' % (now - i) + tail for i in range(per_message)]
                    payload = readings[0] if per_message == 1 else b"[" + b",".join(readings) + b"]"
                    topic = f"{root}/410105/streetlight/L{number % 10_000:05}/telemetry"
                    packets.append(publish_packet(topic, payload, number % 65_535 + 1))
                waiting = b"".join(packets)
                sent += many
            if waiting:
                try:
                    waiting = waiting[link.send(waiting) :]
                except BlockingIOError:
                    time.sleep(0.0005)
            try:
                acknowledged += len(link.recv(1 << 16))
            except BlockingIOError:
                if not waiting:
                    time.sleep(0.0005)
