"""The API's own counters, in a registry of their own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

_STREAM = "/stream"


class Metrics:
    """What one app has answered."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "xiuhua_http_requests",
            "Requests answered; status 0: the client left first.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "xiuhua_http_request_seconds",
            "Time to answer, without the stream.",
            ["route"],
            buckets=(0.005, 0.02, 0.1, 0.5, 2, 10),
            registry=self.registry,
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts an answered request; ``route`` is a pattern, of which there are few."""
        self._requests.labels(method, route, str(status)).inc()
        if not route.endswith(_STREAM):
            self._seconds.labels(route).observe(seconds)
