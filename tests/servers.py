"""Real servers for tests: Debian's packages, on free loopback ports, in temporary folders.

Each server is started in the foreground and stopped by the process id that was started; its
folder goes with it. A test asks for the fixtures in ``conftest.py``, not for these classes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path

import psycopg

READY_WITHIN_S = 30.0
STOP_WITHIN_S = 15.0
# How much longer than on a machine at rest a test waits on a busy one.
_PATIENCE = 3
_SEARCH_PATH = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"


class ServerMissing(Exception):
    """The program is not installed; the text names the package that has it."""


def find_program(names: Iterable[str], package: str) -> str:
    """The path of the first of ``names`` there is. ServerMissing where there is none."""
    for name in names:
        if path := shutil.which(name, path=_SEARCH_PATH):
            return path
    raise ServerMissing(f"no {' or '.join(names)}: apt-get install {package}")


def free_port() -> int:
    """A TCP port of the loopback that nothing listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until(ready: Callable[[], bool], within_s: float, what: str) -> None:
    """Polls ``ready`` until it holds. TimeoutError, naming ``what``, where it never does.

    ``within_s`` is for a machine at rest; the bound is for what hangs, not for what is slow.
    """
    allowed_s = within_s * _PATIENCE
    deadline = time.monotonic() + allowed_s
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {allowed_s:g} s")
        time.sleep(0.02)


class Server:
    """A server process with a folder of its own; it may be stopped and started again."""

    name = ""
    stop_signal = signal.SIGTERM

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"xiuhua-{self.name}-"))
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """What to run; it stays in the foreground."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        """Whether the server answers."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    @property
    def user(self) -> str | None:
        """The account to run under; None for the one that runs the tests."""
        return None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Starts the server and returns when it answers."""
        log = self.folder / "log"
        with log.open("ab") as output:
            self._process = process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                user=self.user,
                group=self.user,
                extra_groups=[] if self.user else None,
            )
        try:
            wait_until(
                lambda: process.poll() is not None or self.is_ready(), READY_WITHIN_S, self.name
            )
        except TimeoutError:
            self.stop()
            raise
        if process.poll() is not None:
            raise RuntimeError(f"{self.name} ended at once:\n{log.read_text()[-2000:]}")

    def stop(self, *, kill: bool = False) -> None:
        """Ends the process, keeping the folder; ``kill`` ends it without a word."""
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        else:
            process.send_signal(self.stop_signal)
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_WITHIN_S)

    def remove(self) -> None:
        """Ends the process and removes its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Mosquitto(Server):
    """A broker without accounts. With ``persistence`` its sessions and queues survive a stop."""

    name = "mosquitto"

    def __init__(self, *, persistence: bool = False) -> None:
        self._program = find_program(["mosquitto"], "mosquitto")
        super().__init__()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        # Mosquitto started by root changes to its own account, which cannot use our folder.
        (self.folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\n"
            "allow_anonymous true\n"
            "user root\n"
            f"persistence {str(persistence).lower()}\n"
            f"persistence_location {self.folder}/\n"
            "autosave_interval 1\n"
            "max_inflight_messages 0\n"
            "max_queued_messages 1000000\n"
            "max_queued_bytes 0\n"
            "set_tcp_nodelay true\n"
            "log_type error\n"
            "log_type warning\n"
        )

    def command(self) -> list[str]:
        return [self._program, "-c", str(self.folder / "mosquitto.conf")]


class InfluxDB(Server):
    """InfluxDB 1.x without a database; with ``auth`` it wants an account, the first being free."""

    name = "influxdb"

    def __init__(self, *, auth: bool = False) -> None:
        self._program = find_program(["influxd"], "influxdb")
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}"
        (self.folder / "influxdb.conf").write_text(
            "reporting-disabled = true\n"
            f'bind-address = "127.0.0.1:{free_port()}"\n'
            f'[meta]\n  dir = "{self.folder}/meta"\n'
            f'[data]\n  dir = "{self.folder}/data"\n  wal-dir = "{self.folder}/wal"\n'
            "  query-log-enabled = false\n"
            "[monitor]\n  store-enabled = false\n"
            f'[http]\n  bind-address = "127.0.0.1:{self.port}"\n  log-enabled = false\n'
            f"  auth-enabled = {str(auth).lower()}\n"
        )

    def command(self) -> list[str]:
        return [self._program, "-config", str(self.folder / "influxdb.conf")]

    def is_ready(self) -> bool:
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(f"{self.url}/ping", timeout=1) as answer,
        ):
            return bool(answer.status == 204)
        return False


class VictoriaMetrics(Server):
    """VictoriaMetrics, which takes InfluxDB's lines; of repeated samples it keeps one."""

    name = "victoria-metrics"

    def __init__(self) -> None:
        self._program = find_program(["victoria-metrics"], "victoria-metrics")
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        return [
            self._program,
            f"-storageDataPath={self.folder / 'data'}",
            f"-httpListenAddr=127.0.0.1:{self.port}",
            "-retentionPeriod=100y",
            "-dedup.minScrapeInterval=1ms",
            "-memory.allowedBytes=128MB",
        ]

    def is_ready(self) -> bool:
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(f"{self.url}/health", timeout=1) as answer,
        ):
            return bool(answer.status == 200)
        return False


class PostgreSQL(Server):
    """PostgreSQL that trusts whoever comes over the loopback, as user ``postgres``."""

    name = "postgresql"
    stop_signal = signal.SIGINT  # SIGTERM waits for the clients to leave

    def __init__(self) -> None:
        versions = sorted(
            Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name)
        )
        if not versions:
            raise ServerMissing("no postgres: apt-get install postgresql")
        self._bin = versions[-1]
        super().__init__()
        self._databases = count(1)
        if self.user:
            shutil.chown(self.folder, self.user, self.user)
        self.folder.chmod(0o700)

    @property
    def user(self) -> str | None:
        # postgres refuses to run as root; the package made an account for it.
        return "postgres" if os.geteuid() == 0 else None

    def command(self) -> list[str]:
        return [
            str(self._bin / "postgres"),
            *("-D", str(self.folder / "data"), "-k", str(self.folder)),
            *("-h", "127.0.0.1", "-p", str(self.port), "-F"),
        ]

    def start(self) -> None:
        if not (self.folder / "data").exists():
            self._initialise()
        super().start()

    def is_ready(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError), self._connect():
            return True
        return False

    def new_database(self, like: str | None = None) -> str:
        """The SQLAlchemy URL of a new database: empty, or with all that the one of the URL ``like``
        has, which nobody may be connected to."""
        name = f"test{next(self._databases)}"
        with self._connect() as connection:
            template = f" TEMPLATE {like.rpartition('/')[2]}" if like else ""
            connection.execute(f"CREATE DATABASE {name}{template}")
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def _initialise(self) -> None:
        subprocess.run(
            [
                str(self._bin / "initdb"),
                *("--pgdata", str(self.folder / "data"), "--username", "postgres"),
                *("--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync"),
            ],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
            user=self.user,
            group=self.user,
            extra_groups=[] if self.user else None,
        )

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            f"postgresql://postgres@127.0.0.1:{self.port}/postgres",
            autocommit=True,
            connect_timeout=1,
        )
