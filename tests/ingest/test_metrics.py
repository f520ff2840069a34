"""The books as Prometheus reads them."""

from __future__ import annotations

import socket
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from facility.bus import LocalBus
from facility.clock import SystemClock
from facility.errors import UsageError
from facility.mqtt import MqttSettings, Session
from facility.store.duckdb import DuckStore
from ingest.service import IngestService, IngestSettings
from tests.servers import Mosquitto, free_port, wait_until


def scrape(port: int) -> dict[tuple[str, str], float]:
    """(name, its labels in the order of their names) → value."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    return {
        (sample.name.removeprefix("xiuhua_ingest_"), ".".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_ledger_is_served_where_a_port_is_given(tmp_path: Path, mosquitto: Mosquitto) -> None:
    mqtt, port = MqttSettings(url=mosquitto.url), free_port()
    settings = IngestSettings(root="metrics", client_id="metrics", metrics_port=port)
    store = DuckStore(tmp_path / "readings.duckdb")

    def service() -> IngestService:
        return IngestService(settings, mqtt, tmp_path, store, LocalBus(), SystemClock())

    ingest = service()
    ingest.start()
    publisher = Session(mqtt, "metrics-publisher")
    publisher.start()
    for payload in (b'{"power_w":5}', b'{"power_w":-5,"lux":3}', b"\xff"):
        publisher.publish("metrics/410105/streetlight/L1/telemetry", payload)
    wait_until(lambda: scrape(port).get(("stored_total", "")) == 2, 15, "both readings stored")
    samples = scrape(port)
    assert samples["received_total", ""] == 3
    assert samples["quarantined", "unreadable"] == 1
    assert samples["dropped_fields_total", "power_w.range.streetlight"] == 1
    assert samples["unaccounted", ""] == samples["lag_seconds", ""] == samples["in_spool", ""] == 0
    assert samples["connected", ""] == 1
    assert not [name for name, _ in samples if name == "problem"]
    publisher.stop()
    ingest.stop()

    other = service()
    with pytest.raises(UsageError, match=r"choose another ingest\.metrics_port"):
        occupied(other, port)
    other.stop()
    store.close()


def occupied(service: IngestService, port: int) -> None:
    """Starts the service while its metrics port is taken."""
    with socket.create_server(("127.0.0.1", port)):
        service.start()
