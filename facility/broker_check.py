"""What a broker is set to, found out by trying: brokers do not tell.

Mosquitto's defaults keep 20 messages in flight and 1,000 queued for a subscriber, and drop the rest
although the publisher was told they are safe.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from facility.mqtt import Delivery, MqttSettings, Session

_IN_FLIGHT_TRIED = 60
_QUEUED_TRIED = 1_500
_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class BrokerLimits:
    """How many messages the broker lets be unacknowledged, and keeps for a subscriber that is away.

    Each is what was tried where the broker let all of them through.
    """

    in_flight: int
    queued: int

    @property
    def loses_acknowledged(self) -> bool:
        """Whether a slow or absent subscriber loses messages that were acknowledged."""
        return self.queued < _QUEUED_TRIED

    @property
    def slow(self) -> bool:
        """Whether few messages in flight hold ingest back."""
        return self.in_flight < _IN_FLIGHT_TRIED


def find_limits(settings: MqttSettings, root: str = "xiuhua") -> BrokerLimits:
    """Tries the broker on topics of its own under ``root``. UsageError where there is no broker."""
    name = f"xiuhua-doctor-{secrets.token_hex(4)}"
    topic = f"{root}/doctor/{name}"
    publisher = Session(settings, f"{name}-publisher")
    publisher.start()
    try:
        in_flight = _delivered(
            settings, name, topic, lambda: _publish(publisher, topic, _IN_FLIGHT_TRIED), False
        )
        # The session is kept by the broker while it is away.
        away = Session(settings, f"{name}-away", subscriptions=[f"{topic}/away"], persistent=True)
        away.start()
        away.stop()
        _publish(publisher, f"{topic}/away", _QUEUED_TRIED)
        _until(lambda: publisher.unsent == 0)
        queued = _delivered(settings, f"{name}-away", f"{topic}/away", lambda: None, True)
    finally:
        publisher.stop()
        # A clean session under the same name makes the broker forget the kept one.
        last = Session(settings, f"{name}-away")
        last.start()
        last.stop()
    return BrokerLimits(in_flight, queued)


def _publish(publisher: Session, topic: str, many: int) -> None:
    for number in range(many):
        publisher.publish(topic, b"%d" % number)


def _delivered(
    settings: MqttSettings,
    client_id: str,
    topic: str,
    then: Callable[[], None],
    acknowledging: bool,
) -> int:
    """How many messages come before they stop coming."""
    came = [0]
    session: Session

    def take(delivery: Delivery) -> None:
        came[0] += len(delivery)
        if acknowledging:
            session.acknowledge([delivery])

    session = Session(
        settings, client_id, subscriptions=[topic], on_delivery=take, persistent=acknowledging
    )
    session.start()
    then()
    enough = _QUEUED_TRIED if acknowledging else _IN_FLIGHT_TRIED
    _until(lambda: came[0] >= enough)
    session.stop()
    return came[0]


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while not done() and time.monotonic() < deadline:
        time.sleep(0.02)
