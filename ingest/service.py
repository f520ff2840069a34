"""The ingest service: session, door, spool and writer put together, and its account of itself."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from facility.background import Loop
from facility.bus import Bus, Health
from facility.clock import Clock
from facility.mqtt import MqttSettings, Session
from facility.store.base import ReadingsStore
from ingest import topics
from ingest.door import Door
from ingest.ledger import balance, total
from ingest.pipeline import Pipeline
from ingest.spool import Spool
from ingest.writer import Writer

_HEALTH_EVERY_S = 2.0
_QUIET_S = 300


class IngestSettings(BaseModel):
    """``root`` is the native topics' root; ``client_id`` names this process's session and spool.

    With a ``share`` group several processes, each with a client id of its own, split the work.
    """

    root: str = "facility"
    client_id: str = "xiuhua-ingest"
    share: str | None = None


class IngestService:
    """Everything between the broker and the readings store."""

    def __init__(
        self,
        settings: IngestSettings,
        mqtt: MqttSettings,
        data_dir: Path,
        store: ReadingsStore,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._spool = Spool(data_dir / f"{settings.client_id}.spool")
        self._writer = Writer(self._spool, store)
        prefix = f"$share/{settings.share}/" if settings.share else ""
        self._session = Session(
            mqtt,
            settings.client_id,
            subscriptions=[prefix + topic for topic in topics.subscriptions(settings.root)],
            on_delivery=lambda delivery: self._door.take(delivery),
            persistent=True,
        )
        self._door = Door(
            Pipeline(settings.root),
            self._spool,
            bus,
            clock,
            self._session.acknowledge,
            self._writer.offer,
        )
        self._health = Loop("ingest health", self._report)

    def start(self) -> None:
        """Starts to receive. UsageError where the broker is not there."""
        self._writer.loop.start()
        self._door.loop.start()
        self._session.start()
        self._health.start()

    def stop(self) -> None:
        """Stops receiving and lets go; what is in the spool is written next time."""
        self._health.stop()
        self._session.stop()
        self._door.loop.stop()
        self._writer.loop.stop()
        self._spool.close()

    def health(self) -> Health:
        """The books, the lag, and what is wrong."""
        books = self._spool.ledger()
        counters: dict[str, Any] = {
            "received": books["received"],
            "stored": books["stored"],
            "quarantined": total(books, "quarantined"),
            "refused": total(books, "refused"),
            "in_spool": books["in_spool"],
            "unaccounted": balance(books),
            "waiting": self._door.waiting,
            "without_ts": books["without_ts"],
            "reasons": {
                name: count
                for name, count in sorted(books.items())
                if name.startswith(("quarantined:", "dropped:", "refused:"))
            },
        }
        return Health("ingest", self._clock.now_ms(), counters, tuple(self._problems()))

    def _problems(self) -> list[tuple[str, str, str]]:
        problems = []
        if not self._session.alive:
            problems.append(
                ("broker", "与消息服务器的连接中断", "the connection to the MQTT broker is lost")
            )
        elif time.monotonic() - self._session.last_message > _QUIET_S:
            problems.append(("quiet", "5 分钟未收到任何消息", "no message has come for 5 minutes"))
        if problem := self._door.problem or self._door.loop.failure:
            problems.append(("spool", f"缓冲写入失败:{problem}", f"the spool fails: {problem}"))
        if problem := self._writer.problem or self._writer.loop.failure:
            problems.append(("store", f"读数库写入失败:{problem}", f"the store fails: {problem}"))
        return problems

    def _report(self) -> None:
        self._bus.publish(self.health())
        self._health.wait(_HEALTH_EVERY_S)
