"""The ledger for Prometheus, served by the ingest process itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIServer

from prometheus_client import start_http_server
from prometheus_client.core import (
    CollectorRegistry,
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from facility.bus import Health
from facility.errors import UsageError

_COUNTERS = {
    "received": "Readings that came in.",
    "duplicate": "Of them, those known to have come before.",
    "without_ts": "Of them, those timed by their arrival.",
    "stored": "Readings that the store has.",
    "repaired": "Messages that left the quarantine by being tried again.",
}
_GAUGES = {
    "in_spool": "Readings that wait for the store.",
    "spool_bytes": "Bytes of the batches that wait for the store.",
    "lag_seconds": "How long the oldest of them has waited.",
    "waiting": "Messages received and not yet acknowledged.",
    "unaccounted": "received - stored - quarantined - refused - in_spool: always 0.",
    "quiet_seconds": "Since the last message.",
    "connected": "Whether the broker is connected.",
}


class IngestCollector(Collector):
    """Reads the books afresh at each scrape."""

    def __init__(self, health: Callable[[], Health]) -> None:
        self._health = health

    def collect(self) -> Iterable[Metric]:
        health = self._health()
        counters: dict[str, Any] = health.counters
        for name, words in _COUNTERS.items():
            yield CounterMetricFamily(f"xiuhua_ingest_{name}", words, counters[name])
        for name, words in _GAUGES.items():
            yield GaugeMetricFamily(f"xiuhua_ingest_{name}", words, float(counters[name]))
        # A message that is repaired leaves its reason, so these may fall.
        quarantined = GaugeMetricFamily(
            "xiuhua_ingest_quarantined", "Readings that could not be used.", labels=["reason"]
        )
        refused = GaugeMetricFamily(
            "xiuhua_ingest_refused", "Readings refused by the store, or damaged.", labels=["reason"]
        )
        forgotten = CounterMetricFamily(
            "xiuhua_ingest_forgotten", "Rows that left the quarantine unread.", labels=["reason"]
        )
        dropped = CounterMetricFamily(
            "xiuhua_ingest_dropped_fields", "Fields dropped.", labels=["table", "field", "reason"]
        )
        for entry, count in counters["reasons"].items():
            kind, _, rest = entry.partition(":")
            match kind:
                case "quarantined":
                    quarantined.add_metric([rest], count)
                case "refused":
                    refused.add_metric([rest], count)
                case "forgotten":
                    forgotten.add_metric([rest], count)
                case "dropped":
                    field, _, reason = rest.rpartition(":")
                    dropped.add_metric([*field.split(".", 1), reason], count)
        yield from (quarantined, refused, forgotten, dropped)
        problems = GaugeMetricFamily(
            "xiuhua_ingest_problem", "What is wrong just now.", labels=["code"]
        )
        for code, _, _ in health.problems:
            problems.add_metric([code], 1)
        yield problems


class MetricsServer:
    """``http://host:port/metrics``. UsageError where the port cannot be had."""

    def __init__(self, host: str, port: int, health: Callable[[], Health]) -> None:
        registry = CollectorRegistry()
        registry.register(IngestCollector(health))
        try:
            served: tuple[WSGIServer, threading.Thread] = start_http_server(port, host, registry)
        except OSError as error:
            raise UsageError(
                f"the metrics cannot be served on {host}:{port} ({error.strerror}); "
                "choose another ingest.metrics_port"
            ) from None
        self._server, self._thread = served

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
