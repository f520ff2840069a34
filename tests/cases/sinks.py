"""Where messages arrive in tests: a real HTTP server and a real SMTP server, on this machine."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class HttpSink:
    """What was posted. ``answers`` are (status, body) of the next requests; then it takes all."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    answers: list[tuple[int, bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def texts(self) -> list[str]:
        """What robots were told."""
        said = [one.json for one in self.requests]
        return [one.get("text", one.get("content", {})).popitem()[1] for one in said]


@dataclass
class MailSink:
    port: int = 0
    mails: list[Message] = field(default_factory=list)

    def subject(self, number: int) -> str:
        return str(make_header(decode_header(self.mails[number]["Subject"])))

    def text(self, number: int) -> str:
        parts = [part for part in self.mails[number].walk() if not part.is_multipart()]
        return cast(bytes, parts[0].get_payload(decode=True)).decode()


@contextmanager
def http_sink() -> Iterator[HttpSink]:
    sink = HttpSink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            sink.requests.append(Request(self.path, headers, body))
            status, answered = sink.answers.pop(0) if sink.answers else (200, b'{"errcode":0}')
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(answered)))
            self.end_headers()
            self.wfile.write(answered)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    sink.port = server.server_address[1]
    with _serving(server):
        yield sink


@contextmanager
def mail_sink() -> Iterator[MailSink]:
    sink = MailSink()

    class Handler(socketserver.StreamRequestHandler):
        """As much of SMTP (RFC 5321) as a client needs to hand one mail over."""

        def handle(self) -> None:
            self._say("220 sink")
            while line := self.rfile.readline():
                match line[:4].upper().strip():
                    case b"EHLO" | b"HELO":
                        self._say("250 sink")
                    case b"DATA":
                        self._say("354 go on")
                        sink.mails.append(message_from_bytes(self._data()))
                        self._say("250 taken")
                    case b"QUIT":
                        self._say("221 bye")
                        return
                    case _:
                        self._say("250 ok")

        def _data(self) -> bytes:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
            return b"".join(lines)

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    sink.port = server.server_address[1]
    with _serving(server):
        yield sink


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
