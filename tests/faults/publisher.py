"""Publishes uniquely numbered readings and knows which of them the broker acknowledged."""

from __future__ import annotations

import json
import socket
import threading
import time

from bench.flood import publish_packet
from tests.servers import wait_until

_CONNECT = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04pub1"
_WINDOW = 500
DEVICES = 50


def payload_of(number: int, base_ts: int) -> bytes:
    """Reading ``number``: it is a reading of its own by (device, ts), and carries its number."""
    return json.dumps(
        {"ts": base_ts + number // DEVICES, "on": True, "energy_kwh": number, "power_w": 44.0}
    ).encode()


class Publisher:
    """Publishes readings 0 … ``total`` - 1 at ``rate`` a second, again where not acknowledged."""

    def __init__(self, port: int, root: str, base_ts: int, total: int, rate: float) -> None:
        self._address = ("127.0.0.1", port)
        self._root = root
        self._base_ts = base_ts
        self._total = total
        self._rate = rate
        self._unacknowledged: dict[int, int] = {}
        self._next = 0
        self.acknowledged: set[int] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._start = time.monotonic()
        self._thread.start()

    def wait_for(self, acknowledged: int) -> None:
        """Waits until so many readings are acknowledged."""
        wait_until(lambda: len(self.acknowledged) >= acknowledged, 15, f"{acknowledged} messages")

    def finish(self, within_s: float) -> set[int]:
        """Waits until every reading is acknowledged; their numbers."""
        self._thread.join(within_s)
        if self._thread.is_alive():
            raise TimeoutError(f"{len(self.acknowledged)} of {self._total} acknowledged")
        return self.acknowledged

    def _run(self) -> None:
        while len(self.acknowledged) < self._total:
            try:
                with socket.create_connection(self._address, 2) as link:
                    self._publish(link)
            except OSError:
                time.sleep(0.05)

    def _publish(self, link: socket.socket) -> None:
        link.sendall(_CONNECT)
        link.recv(4)
        link.settimeout(0.01)
        for mid, number in self._unacknowledged.items():
            link.sendall(self._packet(number, mid))
        rest = b""
        while len(self.acknowledged) < self._total:
            due = min(self._total, int((time.monotonic() - self._start) * self._rate) + 1)
            while self._next < due and len(self._unacknowledged) < _WINDOW:
                mid = self._next % 65_535 + 1
                self._unacknowledged[mid] = self._next
                self._next += 1
                link.sendall(self._packet(self._next - 1, mid))
            try:
                data = link.recv(1 << 14)
            except TimeoutError:
                continue
            if not data:
                raise ConnectionResetError
            rest += data
            while len(rest) >= 4:
                if rest[0] == 0x40:
                    mid = int.from_bytes(rest[2:4], "big")
                    self.acknowledged.add(self._unacknowledged.pop(mid))
                rest = rest[4:]

    def _packet(self, number: int, mid: int) -> bytes:
        topic = f"{self._root}/410105/streetlight/L{number % DEVICES:02}/telemetry"
        return publish_packet(topic, payload_of(number, self._base_ts), mid)
