"""The ingest service: session, door, spool and writer put together, and its account of itself."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from facility.background import Loop
from facility.bus import Bus, Health
from facility.clock import Clock
from facility.mqtt import MqttSettings, Session
from facility.store.base import ReadingsStore
from ingest import topics
from ingest.door import Door
from ingest.installed_file import RememberingPipeline, record_of
from ingest.ledger import balance, total
from ingest.metrics import MetricsServer
from ingest.profiles.profile import shipped_and_own
from ingest.spool import Spool, SpoolLimits
from ingest.writer import Pace, Writer

PROFILES = "profiles"
"""The folder of the data directory with device profiles of one's own."""

_HEALTH_EVERY_S = 2.0
_QUIET_S = 300


class IngestSettings(BaseModel, extra="forbid"):
    """``root`` is the native topics' root; ``client_id`` names this process's session and spool.

    With a ``share`` group several processes, each with a client id of its own, split the work; or
    each takes only what comes on its ``filters`` (MQTT topic filters that do not overlap).
    ``spool_max_mb`` is what may wait for the store, ``min_free_mb`` what is left of the disk; the
    quarantine and the captured waveforms drop their oldest beyond ``…_max_mb``. A spool that takes
    nothing for ``patience_s`` costs the connection to the broker until it does. The metrics are
    served where ``metrics_port`` is given.
    """

    root: str = "facility"
    client_id: str = Field(default="xiuhua-ingest", pattern="^[A-Za-z0-9._-]{1,64}$")
    share: str | None = Field(default=None, pattern="^[^/+#]+$")
    filters: tuple[str, ...] = ()
    spool_max_mb: float = Field(default=4096, gt=0)
    min_free_mb: float = Field(default=256, ge=0)
    quarantine_max_mb: float = Field(default=256, gt=0)
    bursts_max_mb: float = Field(default=1024, gt=0)
    patience_s: float = Field(default=10, gt=0)
    metrics_port: int | None = None
    metrics_host: str = "127.0.0.1"

    @property
    def subscriptions(self) -> list[str]:
        """What to ask the broker for."""
        prefix = f"$share/{self.share}/" if self.share else ""
        return [prefix + one for one in self.filters or topics.subscriptions(self.root)]

    @property
    def limits(self) -> SpoolLimits:
        return SpoolLimits(
            self.spool_max_mb, self.min_free_mb, self.quarantine_max_mb, self.bursts_max_mb
        )

    def spool_path(self, data_dir: Path) -> Path:
        return data_dir / f"{self.client_id}.spool"


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
        self._settings = settings
        self._metrics: MetricsServer | None = None
        self._spool = Spool(settings.spool_path(data_dir), settings.limits)
        pace = Pace(getattr(store, "writes_at_once", 1))
        self._writer = Writer(self._spool, store, pace, settings.root)
        self._session = Session(
            mqtt,
            settings.client_id,
            subscriptions=settings.subscriptions,
            on_delivery=lambda delivery: self._door.take(delivery),
            persistent=True,
        )
        self._pipeline = RememberingPipeline(
            settings.root,
            record_of(settings.spool_path(data_dir)),
            shipped_and_own(data_dir / PROFILES),
        )
        self._door = Door(
            self._pipeline,
            self._spool,
            bus,
            clock,
            self._session,
            self._writer.offer,
            settings.patience_s,
        )
        self._health = Loop("ingest health", self._report)

    def start(self) -> None:
        """Starts to receive. UsageError where the broker is not there."""
        settings = self._settings
        if settings.metrics_port is not None:
            self._metrics = MetricsServer(settings.metrics_host, settings.metrics_port, self.health)
        self._writer.start()
        self._door.loop.start()
        self._session.start()
        self._health.start()

    def stop(self) -> None:
        """Stops receiving and lets go; what is in the spool is written next time."""
        if self._metrics:
            self._metrics.stop()
        self._health.stop()
        self._session.stop()
        self._door.loop.stop()
        self._pipeline.keep()
        self._writer.stop()
        self._spool.close()

    def health(self) -> Health:
        """The books, the lag, and what is wrong."""
        books = self._spool.ledger()
        now = self._clock.now_ms()
        oldest = self._spool.oldest()
        counters: dict[str, Any] = {
            "received": books["received"],
            "duplicate": books["duplicate"],
            "stored": books["stored"],
            "quarantined": total(books, "quarantined"),
            "refused": total(books, "refused"),
            "in_spool": books["in_spool"],
            "unaccounted": balance(books),
            "without_ts": books["without_ts"],
            "repaired": books["repaired"],
            "waiting": self._door.waiting,
            "spool_bytes": self._spool.size,
            "lag_seconds": max(0.0, (now - oldest) / 1000) if oldest is not None else 0.0,
            "quiet_seconds": round(time.monotonic() - self._session.last_message, 1),
            "connected": self._session.alive,
            "reasons": {
                name: count
                for name, count in sorted(books.items())
                if count and name.startswith(("quarantined:", "dropped:", "refused:", "forgotten:"))
            },
        }
        return Health("ingest", now, counters, tuple(self._problems()))

    def _problems(self) -> list[tuple[str, str, str]]:
        problems = []
        if not self._session.alive:
            problems.append(
                ("broker", "与消息服务器的连接中断", "the connection to the MQTT broker is lost")
            )
        elif time.monotonic() - self._session.last_message > _QUIET_S:
            problems.append(("quiet", "5 分钟未收到任何消息", "no message has come for 5 minutes"))
        if self._door.full:
            words = self._door.problem
            problems.append(
                ("spool_full", f"缓冲已满,暂停接收:{words}", f"nothing is taken in: {words}")
            )
        elif problem := self._door.problem or self._door.loop.failure:
            problems.append(("spool", f"缓冲写入失败:{problem}", f"the spool fails: {problem}"))
        if problem := self._writer.problem:
            problems.append(("store", f"读数库写入失败:{problem}", f"the store fails: {problem}"))
        return problems

    def _report(self) -> None:
        self._session.revive()
        self._bus.publish(self.health())
        self._health.wait(_HEALTH_EVERY_S)
