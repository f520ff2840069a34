"""How often somebody may ask: a limit for each key, in memory of a bounded size.

    @router.post("/reports", dependencies=[Depends(Limit("reports", 10, 600))])

lets one address report ten times at once, and then once a minute.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from fastapi import Request

from api.problems import Problem

MOST_KEYS = 10_000


class Limiter:
    """For each key at most ``many`` at once, and one more every ``per_s / many`` seconds.

    It remembers one number a key (the generic cell rate algorithm), of the ``most`` keys that
    asked last. Times are monotonic seconds.
    """

    def __init__(self, many: int, per_s: float, most: int = MOST_KEYS) -> None:
        self._every_s = per_s / many
        self._burst_s = per_s - self._every_s
        self._most = most
        self._used_until: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str, now_s: float) -> float:
        """0 where it may ask, which counts; else how many seconds to wait, which does not."""
        with self._lock:
            used_until = max(self._used_until.get(key, now_s), now_s)
            wait_s = used_until - now_s - self._burst_s
            if wait_s > 1e-9:
                return wait_s
            self._used_until[key] = used_until + self._every_s
            self._used_until.move_to_end(key)
            while len(self._used_until) > self._most:
                self._used_until.popitem(last=False)
            return 0.0

    def give_back(self, key: str) -> None:
        """Makes one that was taken not count."""
        with self._lock:
            if key in self._used_until:
                self._used_until[key] -= self._every_s

    def __len__(self) -> int:
        return len(self._used_until)


class Limits:
    """The limiters of one app, each made when it is first asked for."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._limiters: dict[Limit, Limiter] = {}
        self._lock = threading.Lock()

    def take(self, limit: Limit, key: str) -> None:
        """Counts one; Problem 429 with Retry-After where that is too many."""
        wait_s = self._of(limit).take(key, self._monotonic())
        if wait_s:
            raise too_often(wait_s)

    def give_back(self, limit: Limit, key: str) -> None:
        """Makes one that was taken not count."""
        self._of(limit).give_back(key)

    def _of(self, limit: Limit) -> Limiter:
        with self._lock:
            if limit not in self._limiters:
                self._limiters[limit] = Limiter(limit.many, limit.per_s)
            return self._limiters[limit]


@dataclass(frozen=True, slots=True)
class Limit:
    """``many`` requests in ``per_s`` seconds from one address; a dependency of a route."""

    name: str
    many: int
    per_s: float

    def __call__(self, request: Request) -> None:
        limits: Limits = request.app.state.parts.access.limits
        limits.take(self, network_of(address_of(request)))


def too_often(wait_s: float) -> Problem:
    """The 429, saying when to come again."""
    seconds = max(1, math.ceil(wait_s))
    return Problem(
        429,
        f"too often; try again in {seconds} s",
        f"操作过于频繁,请 {seconds} 秒后再试",
        {"Retry-After": str(seconds)},
    )


def address_of(request: Request) -> str:
    """The address that a request comes from, as a trusted proxy before us told it; or ""."""
    return request.client.host if request.client else ""


def network_of(address: str) -> str:
    """What one subscriber has: an IPv4 address, or a whole /64 of IPv6."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(IPv6Address(int(found) >> 64 << 64))
    return str(found)
