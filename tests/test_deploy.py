"""What `deploy/` and `docker-compose.yml` name is there, and their broker keeps devices apart."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from command.settings import Settings
from facility.errors import Retryable, UsageError
from facility.mqtt import Delivery, MqttSettings, Session
from tests.servers import ServerMissing, find_program, free_port, wait_until

REPO = Path(__file__).parents[1]
DEPLOY = REPO / "deploy"
COMPOSE = (REPO / "docker-compose.yml").read_text("utf-8")
README = (DEPLOY / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(set(re.findall(r"XIUHUA_[A-Z_]+", COMPOSE + README))))
def test_every_variable_is_a_setting(name: str) -> None:
    section, _, key = name.removeprefix("XIUHUA_").lower().partition("__")
    assert section in Settings.model_fields
    if key:
        inside = Settings.model_fields[section].annotation
        assert key in getattr(inside, "model_fields", {})


def test_every_file_is_there_or_made() -> None:
    mounted = re.findall(r"- \./(\S+?):", COMPOSE)
    assert {one for one in mounted if not (REPO / one).exists()} <= {"deploy/passwords"}
    assert "touch deploy/passwords" in README
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", (DEPLOY / "Dockerfile").read_text("utf-8"), re.M)
    sources = {source for line in copied for source in line.split()}
    assert {one for one in sources if not (REPO / one).exists()} == set()
    rooms = re.search(r"^root_packages = \[(.*)\]", (REPO / "pyproject.toml").read_text(), re.M)
    assert rooms
    assert set(re.findall(r'"(\w+)"', rooms[1])) <= sources


def test_every_secret_that_is_asked_for_is_made() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?", COMPOSE))
    assert asked == set(re.findall(r"\b[A-Z]+_(?:PASSWORD|TOKEN)\b", README.partition("do\n")[0]))


class Broker:
    """Mosquitto as it is deployed, with a service and two devices."""

    def __init__(self, folder: Path) -> None:
        tool = find_program(["mosquitto_passwd"], "mosquitto")
        passwords, self.ports = folder / "passwords", {1883: free_port(), 1884: free_port()}
        passwords.touch()
        for name in ("xiuhua", "M1", "M2"):
            subprocess.run([tool, "-b", passwords, name, f"of-{name}"], check=True)
        said = (DEPLOY / "mosquitto.conf").read_text("utf-8")
        for port, free in self.ports.items():
            said = said.replace(f"listener {port}", f"listener {free} 127.0.0.1")
        said = said.replace("/mosquitto/config/passwords", str(passwords))
        said = said.replace("/mosquitto/config/acl", str(DEPLOY / "acl"))
        # Started by root it would change to an account that cannot read our folder.
        said = said.replace("/mosquitto/data/", f"{folder}/") + "\nuser root\n"
        (folder / "mosquitto.conf").write_text(said)
        program = find_program(["mosquitto"], "mosquitto")
        self.process = subprocess.Popen(
            [program, "-c", folder / "mosquitto.conf"], stderr=subprocess.DEVNULL
        )

    def session(self, user: str, client_id: str, port: int, *topics: str) -> Session:
        settings = MqttSettings(url=f"mqtt://{user}:of-{user}@127.0.0.1:{self.ports[port]}")
        heard: list[bytes] = []

        def hear(delivery: Delivery) -> None:
            heard.extend(delivery.topics)
            session.acknowledge([delivery])

        session = Session(settings, client_id, subscriptions=topics, on_delivery=hear)
        self.heard = heard
        wait_until(lambda: self._starts(session), 10, f"{user} at the broker")
        return session

    @staticmethod
    def _starts(session: Session) -> bool:
        try:
            session.start()
        except (Retryable, UsageError):
            return False
        return True


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    try:
        broker = Broker(tmp_path)
    except ServerMissing as missing:
        pytest.skip(str(missing))
    yield broker
    broker.process.terminate()
    broker.process.wait(10)


@pytest.mark.server
def test_a_device_speaks_for_itself_alone_and_takes_nobodys_place(broker: Broker) -> None:
    ingest = broker.session("xiuhua", "xiuhua-ingest", 1884, "facility/#", "xiuhua/#")
    heard = broker.heard
    device = broker.session("M1", "xiuhua-ingest", 1883)
    for topic in ("facility/410105/cover/M2/telemetry", "xiuhua/state/cover"):
        device.publish(topic, b"{}")
    device.publish("facility/410105/cover/M1/telemetry", b"{}")
    wait_until(lambda: len(heard) >= 1, 10, "the device's own message")
    assert heard == [b"facility/410105/cover/M1/telemetry"]
    assert ingest.alive
    device.stop()
    ingest.stop()
