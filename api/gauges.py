"""What Prometheus is told of the city and the services, read at the moment of asking."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    UntypedMetricFamily,
)
from prometheus_client.registry import Collector

from api.parts import Parts
from facility.errors import Retryable
from facility.measurements import Kind


class Gauges(Collector):
    """Assets and cases by state, the stream's clients, and what every service counts."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask the parts yet."""
        return ()

    def collect(self) -> Iterator[Metric]:
        parts = self._parts
        places = parts.places.now()
        assets = GaugeMetricFamily("xiuhua_assets", "Assets by state.", labels=["kind", "state"])
        for kind in Kind:
            for state, count in parts.live.kind(kind, places).counts().items():
                assets.add_metric([kind, state], count)
        yield assets
        yield from self._cases()
        yield GaugeMetricFamily(
            "xiuhua_stream_clients", "Clients of the stream now.", value=parts.hub.clients
        )
        yield CounterMetricFamily(
            "xiuhua_stream_dropped",
            "Clients of the stream dropped for reading too slowly.",
            value=parts.hub.dropped,
        )
        yield from self._services()

    def _cases(self) -> Iterator[Metric]:
        cases = GaugeMetricFamily("xiuhua_cases", "Cases by state.", labels=["state"])
        up = 1
        try:
            for state, count in self._parts.desk.counts().items():
                cases.add_metric([state], count)
        except Retryable:
            up = 0
        yield cases
        yield GaugeMetricFamily("xiuhua_case_database_up", "Whether it answered.", value=up)

    def _services(self) -> Iterator[Metric]:
        counters = UntypedMetricFamily(
            "xiuhua_service", "What a service counts.", labels=["service", "counter"]
        )
        problems = GaugeMetricFamily(
            "xiuhua_service_problems", "Problems a service has.", labels=["service"]
        )
        ages = GaugeMetricFamily(
            "xiuhua_service_age_seconds",
            "Real time since a service last told of itself.",
            labels=["service"],
        )
        for service, (told, age_s) in self._parts.live.services().items():
            problems.add_metric([service], len(told.problems))
            ages.add_metric([service], age_s)
            for name, value in _numbers("", told.counters):
                counters.add_metric([service, name], value)
        yield counters
        yield problems
        yield ages


def _numbers(prefix: str, told: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The numbers among a service's counters; those inside another one as ``outer.inner``."""
    for name, value in told.items():
        if isinstance(value, Mapping):
            yield from _numbers(f"{prefix}{name}.", value)
        elif isinstance(value, int | float):
            yield f"{prefix}{name}", float(value)
