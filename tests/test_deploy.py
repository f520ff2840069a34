"""What `deploy/` and `docker-compose.yml` name is there, and their broker keeps devices apart."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

import pytest

from command.settings import Settings
from facility.errors import Retryable, UsageError
from facility.mqtt import Delivery, MqttSettings, Session
from ingest.topics import subscriptions
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


def test_no_secret_that_is_made_is_committed_or_sent_to_the_builder() -> None:
    made = {".env", "deploy/passwords"}
    made |= {f"deploy/{one}" for one in re.findall(r"-(?:keyout|out) (\S+)", README)}
    assert {"deploy/ca.key", "deploy/server.key", "deploy/server.crt"} < made
    ignored = (REPO / ".gitignore").read_text("utf-8").split()
    assert not [one for one in made if not any(fnmatch(f"/{one}", rule) for rule in ignored)]
    everything, *sent = (REPO / ".dockerignore").read_text("utf-8").split()
    assert everything == "*"
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", (DEPLOY / "Dockerfile").read_text("utf-8"), re.M)
    needed = {source.partition("/")[0] for line in copied for source in line.split()}
    assert {one.removeprefix("!") for one in sent if one.startswith("!")} == needed


USERS = ("xiuhua", "lorawan", "M1", "M2")


class Broker:
    """Mosquitto as it is deployed, with the services, a network server and two devices.

    ``secured``: with certificates as the README makes them, for the name ``localhost``.
    """

    def __init__(self, folder: Path, *, secured: bool = False) -> None:
        tool = find_program(["mosquitto_passwd"], "mosquitto")
        self.folder = folder
        self.ports = {1883: free_port(), 1884: free_port()}
        passwords = folder / "passwords"
        passwords.touch()
        for name in USERS:
            subprocess.run([tool, "-b", passwords, name, f"of-{name}"], check=True)
        said = (DEPLOY / "mosquitto.conf").read_text("utf-8")
        if secured:
            said = self._secured(said)
        for port, free in self.ports.items():
            said = said.replace(f"listener {port}", f"listener {free} 127.0.0.1")
        said = said.replace("/mosquitto/config/acl", str(DEPLOY / "acl"))
        said = said.replace("/mosquitto/config/", f"{folder}/")
        # Started by root it would change to an account that cannot read our folder.
        said = said.replace("/mosquitto/data/", f"{folder}/") + "\nuser root\n"
        (folder / "mosquitto.conf").write_text(said)
        program = find_program(["mosquitto"], "mosquitto")
        self.process = subprocess.Popen(
            [program, "-c", folder / "mosquitto.conf"], stderr=subprocess.DEVNULL
        )

    def _secured(self, said: str) -> str:
        find_program(["openssl"], "openssl")
        commands, lines = re.findall(r"```(?:sh)?\n(BROKER=.*?|listener 8883.*?)```", README, re.S)
        (self.folder / "deploy").mkdir()
        commands = re.sub(r"BROKER=\S+", "BROKER=localhost", commands)
        made = ["sh", "-e", "-c", commands]
        subprocess.run(made, cwd=self.folder, check=True, stderr=subprocess.DEVNULL)
        for name in ("server.crt", "server.key", "ca.crt"):
            (self.folder / "deploy" / name).rename(self.folder / name)
        self.ports[8883] = self.ports.pop(1883)
        return said.replace("listener 1883\n", lines)

    def session(self, user: str, client_id: str, port: int, *topics: str) -> Heard:
        """Signed in, and subscribed to these; ``Heard.topics`` are those of what came."""
        scheme = "mqtts" if port == 8883 else "mqtt"
        authority = str(self.folder / "ca.crt") if port == 8883 else None
        url = f"{scheme}://{user}:of-{user}@localhost:{self.ports[port]}"
        return Heard(MqttSettings(url=url, ca_file=authority), client_id, topics)


class Heard(Session):
    """A session that keeps the topics of what it is sent."""

    def __init__(self, settings: MqttSettings, client_id: str, topics: Sequence[str]) -> None:
        super().__init__(settings, client_id, subscriptions=topics, on_delivery=self._hear)
        self.topics: list[bytes] = []
        wait_until(self._starts, 10, f"{client_id} at the broker")

    def _hear(self, delivery: Delivery) -> None:
        self.topics.extend(delivery.topics)
        self.acknowledge([delivery])

    def _starts(self) -> bool:
        try:
            self.start()
        except (Retryable, UsageError):
            return False
        return True


def running(folder: Path, *, secured: bool = False) -> Iterator[Broker]:
    try:
        broker = Broker(folder, secured=secured)
    except ServerMissing as missing:
        pytest.skip(str(missing))
    yield broker
    broker.process.terminate()
    broker.process.wait(10)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    yield from running(tmp_path)


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[Broker]:
    yield from running(tmp_path, secured=True)


def own(device: str, channel: str = "telemetry") -> str:
    return f"facility/410105/cover/{device}/{channel}"


@pytest.mark.server
def test_a_device_speaks_for_itself_alone_and_takes_nobodys_place(broker: Broker) -> None:
    ingest = broker.session("xiuhua", "xiuhua-ingest", 1884, *subscriptions("facility"), "xiuhua/#")
    device = broker.session("M1", "xiuhua-ingest", 1883)
    for topic in (own("M2"), own("M2", "status"), "xiuhua/state/cover", f"$share/g/{own('M2')}"):
        device.publish(topic, b"{}")
        device.publish(topic, b"{}", retain=True)
    device.publish("application/1/device/0123456789abcdef/event/up", b"{}")
    device.publish("v3/covers@ttn/devices/m2/up", b"{}")
    device.publish(own("M1"), b"{}")
    device.publish(own("M1", "status"), b"{}")
    wait_until(lambda: len(ingest.topics) >= 2, 10, "the device's own messages")
    assert ingest.topics == [own("M1").encode(), own("M1", "status").encode()]
    assert ingest.alive
    device.stop()
    ingest.stop()


@pytest.mark.server
def test_a_device_hears_nothing_of_others(broker: Broker) -> None:
    ingest = broker.session("xiuhua", "xiuhua-ingest", 1884, *subscriptions("facility"))
    listening = broker.session(
        "M1", "any", 1883, "#", "$SYS/#", "$share/g/#", "$share/ingest/facility/+/+/+/telemetry"
    )
    other = broker.session("M2", "any", 1883)
    for number in range(20):
        other.publish(own("M2"), b"{}", retain=number == 0)
        ingest.publish("xiuhua/health/rules", b"{}", retain=True)
    wait_until(lambda: len(ingest.topics) == 20, 10, "all of the other's")
    late = broker.session("M1", "any", 1883, "#")
    late.publish(own("M1"), b"{}")
    wait_until(lambda: len(ingest.topics) == 21, 10, "a message after all of that")
    assert listening.topics == late.topics == []
    for one in (listening, late, other, ingest):
        one.stop()


@pytest.mark.server
def test_a_network_server_publishes_uplinks_and_nothing_else(broker: Broker) -> None:
    ingest = broker.session("xiuhua", "xiuhua-ingest", 1884, *subscriptions("facility"))
    network = broker.session("lorawan", "chirpstack", 1883)
    uplinks = ["application/1/device/0123456789abcdef/event/up", "v3/covers@ttn/devices/m2/up"]
    for topic in (own("M1"), "application/1/device/0123456789abcdef/command/down", *uplinks):
        network.publish(topic, b"{}")
    wait_until(lambda: len(ingest.topics) >= 2, 10, "the uplinks")
    assert ingest.topics == [topic.encode() for topic in uplinks]
    network.stop()
    ingest.stop()


@pytest.mark.server
def test_devices_come_by_tls_with_certificates_as_the_readme_makes_them(secured: Broker) -> None:
    ingest = secured.session("xiuhua", "xiuhua-ingest", 1884, *subscriptions("facility"))
    device = secured.session("M1", "xiuhua-ingest", 8883)
    device.publish(own("M2"), b"{}")
    device.publish(own("M1"), b"{}")
    wait_until(lambda: len(ingest.topics) >= 1, 10, "the device's own message")
    assert ingest.topics == [own("M1").encode()]
    plain = MqttSettings(url=f"mqtt://M1:of-M1@localhost:{secured.ports[8883]}")
    with pytest.raises(UsageError):
        Session(plain, "x").start(1)
    unknown = ssl.create_default_context()
    with (
        socket.create_connection(("localhost", secured.ports[8883])) as line,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        unknown.wrap_socket(line, server_hostname="localhost")
    device.stop()
    ingest.stop()
