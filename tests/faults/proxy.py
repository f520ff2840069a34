"""A TCP proxy that cuts connections in the middle of what they carry."""

from __future__ import annotations

import contextlib
import random
import select
import socket
import struct
import threading

_RESET = struct.pack("ii", 1, 0)


class FaultProxy:
    """Listens on ``port`` and passes on to ``target``; cuts each connection when told to.

    With ``cut_after`` set, every connection is reset after about so many bytes from the target,
    wherever in a packet that is.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cut_after: int | None = None
        self.cuts = 0
        self._stopping = threading.Event()
        self._chance = random.Random()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        """One connection at a time is enough: there is one session."""
        while not self._stopping.is_set():
            if not select.select([self._listener], [], [], 0.1)[0]:
                continue
            near, _ = self._listener.accept()
            with near, contextlib.suppress(OSError):
                with socket.create_connection(("127.0.0.1", self._target), 2) as far:
                    self._pass(near, far)
                    self._reset(far)
                self._reset(near)

    def _pass(self, near: socket.socket, far: socket.socket) -> None:
        """Passes bytes both ways until one side ends, or it is time to cut."""
        left = self._until_cut()
        while not self._stopping.is_set():
            for source in select.select([near, far], [], [], 0.1)[0]:
                data = source.recv(1 << 16)
                if not data:
                    return
                if source is near:
                    far.sendall(data)
                    continue
                if left is None:
                    left = self._until_cut()
                if left is not None and len(data) > left:
                    near.sendall(data[:left])
                    self.cuts += 1
                    return
                near.sendall(data)
                left = None if left is None else left - len(data)

    def _until_cut(self) -> int | None:
        mean = self.cut_after
        return None if mean is None else self._chance.randint(mean // 2, mean * 3 // 2)

    @staticmethod
    def _reset(link: socket.socket) -> None:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
