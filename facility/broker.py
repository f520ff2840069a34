"""The broker that ``xiuhua up`` brings along: Mosquitto where it is installed, else amqtt."""

from __future__ import annotations

import ctypes
import getpass
import logging
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from facility.errors import UsageError

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
_STARTS_WITHIN_S = 15

# Mosquitto's defaults (20 in flight, 1,000 queued) lose acknowledged messages for a subscriber
# that is slow or away.
_MOSQUITTO = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_interval 60
max_inflight_messages 0
max_queued_messages 1000000
message_size_limit 1048576
log_dest file {folder}/mosquitto.log
log_type error
log_type warning
"""

_AMQTT = """\
listeners:
  default:
    type: tcp
    bind: 127.0.0.1:{port}
plugins:
  amqtt.plugins.authentication.AnonymousAuthPlugin:
    allow_anonymous: true
"""


class EmbeddedBroker:
    """A broker on the loopback address, as a child process that ends with this one."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self.url = f"mqtt://127.0.0.1:{port}"
        _check_free(port)
        folder.mkdir(parents=True, exist_ok=True)
        mosquitto = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        self.name = "mosquitto" if mosquitto else "amqtt"
        config = folder / f"{self.name}.conf"
        template = _MOSQUITTO if mosquitto else _AMQTT
        config.write_text(template.format(port=port, folder=folder.resolve()), "utf-8")
        config.chmod(0o600)
        if mosquitto:
            # As root it would give up its rights, and with them its folder.
            command = [mosquitto, "-c", str(config)]
            with config.open("a", encoding="utf-8") as file:
                file.write(f"user {getpass.getuser()}\n")
        else:
            command = [str(Path(sys.executable).with_name("amqtt")), "-c", str(config)]
        self._log = folder / f"{self.name}.out"
        self._process = child(command, self._log)
        self._wait_until_ready()

    def stop(self) -> None:
        """Ends the broker."""
        end(self._process)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _STARTS_WITHIN_S
        while time.monotonic() < deadline:
            if not self.alive:
                break
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        self.stop()
        raise UsageError(f"the {self.name} broker did not start; its words are in {self._log}")


def child(command: list[str], output: Path) -> subprocess.Popen[bytes]:
    """Starts a program that Ctrl-C does not reach, and that ends when this process does."""
    with output.open("ab") as file:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )


def end(process: subprocess.Popen[bytes], timeout_s: float = 5) -> None:
    """Asks a child to end, and makes it where it does not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _check_free(port: int) -> None:
    if not 0 <= port <= 65_535:
        raise UsageError(f"{port} is not a port; choose 1-65535 with --mqtt-port")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise UsageError(
                f"port {port} cannot be used ({error.strerror}); choose another with --mqtt-port, "
                f"or use the broker that has it with --mqtt mqtt://127.0.0.1:{port}"
            ) from None
