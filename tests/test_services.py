"""The services apart, as in production: three processes over a broker, InfluxDB and PostgreSQL."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import xiuhua
from facility.mqtt import MqttSettings, Session
from tests.servers import InfluxDB, Mosquitto, PostgreSQL, free_port, wait_until

INVENTORY = """id,kind,area,name,lon,lat,report_every_s
M1,cover,410105,one,113.69,34.78,900
M2,cover,410105,two,113.70,34.78,900
"""


class Services:
    """ingest, rules and api, each in a process of its own."""

    def __init__(self, folder: Path, broker: str, influx: str, postgres: str) -> None:
        self.port = free_port()
        self._signed_in: dict[str, str] = {}
        self._log = folder / "services.log"
        environment = {
            **os.environ,
            "XIUHUA_DATA_DIR": str(folder / "data"),
            "XIUHUA_MQTT__URL": broker,
            "XIUHUA_INGEST__ROOT": "test-services",
            "XIUHUA_STORE__BACKEND": "influx",
            "XIUHUA_STORE__URL": influx,
            "XIUHUA_STORE__BUCKET": "services",
            "XIUHUA_CASES__URL": postgres,
            "XIUHUA_API__PORT": str(self.port),
        }
        self._processes = []
        for name in ("api", "rules", "ingest"):
            with self._log.open("ab") as log:
                command = [sys.executable, "-m", "xiuhua", name]
                process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            self._processes.append(process)

    @property
    def said(self) -> str:
        return self._log.read_text()

    def get(self, path: str) -> Any:
        return self._ask(path, headers=self._signed_in)

    def sign_in(self) -> None:
        """With the password that the first start told."""
        password = re.findall("sign in as admin with the password (.+)", self.said)[-1]
        form = urllib.parse.urlencode({"username": "admin", "password": password}).encode()
        token = self._ask("token", data=form)["access_token"]
        self._signed_in = {"Authorization": f"Bearer {token}"}

    def _ask(self, path: str, **more: Any) -> Any:
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}"
        with urllib.request.urlopen(urllib.request.Request(url, **more), timeout=5) as got:
            return json.load(got)

    def ready(self) -> bool:
        assert all(process.poll() is None for process in self._processes), self.said
        try:
            if not self._signed_in:
                self.get("health")
                self.sign_in()
            return {"ingest", "rules"} <= set(self.get("health")["services"])
        except OSError:
            return False

    def stop(self) -> list[int]:
        for process in self._processes:
            process.send_signal(signal.SIGINT)
        return [process.wait(20) for process in self._processes]


@pytest.fixture
def services(
    tmp_path: Path, mosquitto: Mosquitto, influxdb: InfluxDB, postgresql: PostgreSQL
) -> Iterator[Services]:
    rows = tmp_path / "covers.csv"
    rows.write_text(INVENTORY)
    assert xiuhua.main(["import", str(rows), "--data-dir", str(tmp_path / "data")]) == 0
    services = Services(tmp_path, mosquitto.url, influxdb.url, postgresql.new_database())
    yield services
    services.stop()


def test_a_displaced_cover_becomes_a_case(services: Services, mosquitto: Mosquitto) -> None:
    wait_until(services.ready, 60, f"the services: {services.said}")
    publisher = Session(MqttSettings(url=mosquitto.url), "test-services-publisher")
    publisher.start()
    now = time.time_ns() // 1_000_000
    for cover, tilt in (("M1", 0.5), ("M2", 120.0)):
        reading = json.dumps({"ts": now, "tilt_deg": tilt}).encode()
        publisher.publish(f"test-services/410105/cover/{cover}/telemetry", reading)
    publisher.stop()

    wait_until(lambda: bool(services.get("cases")["items"]), 90, "the case")
    [case] = services.get("cases")["items"]
    assert (case["type"], case["subject"]) == ("cover.displaced", "cover:M2")
    # The rules hear of a reading on the bus, which may be before the store has it.
    wait_until(lambda: services.get("assets/M2")["latest"] is not None, 10, "the reading")
    assert services.get("assets/M2")["latest"]["values"]["tilt_deg"] == 120.0
    wait_until(lambda: services.get("assets/M2")["state"] == "displaced", 10, "the state")
    assert services.get("assets/M2/readings")["columns"]["tilt_deg"] == [120.0]
    assert services.stop() == [0, 0, 0]
    assert "Traceback" not in services.said, services.said
