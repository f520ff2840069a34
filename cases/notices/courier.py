"""The courier: takes messages out of the outbox, sends them, and says in it how that went.

It has a thread of its own, for a gateway that is away takes its time to say so. A message is sent
between two transactions. Dying after the first and before the second is the one way in which a
message can arrive twice: it is then sent again, under the same id.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Engine

from cases import database
from cases.notices import outbox
from cases.notices.contacts import Language, Recipient
from cases.notices.message import Channel, Message
from cases.notices.notify import NotifySettings, channel
from cases.notices.outbox import Parcel
from cases.notices.wording import Book
from facility.background import Loop
from facility.clock import DAY, SECOND, Clock, to_rfc3339
from facility.errors import Permanent, Retryable, UsageError

log = logging.getLogger(__name__)

LEASE_S = 120
"""Real seconds that a message is its sender's own: far more than any channel takes."""

_STEP_S = 1.0
_AT_ONCE = 8


class Words(Protocol):
    """Writes messages."""

    def message(self, id_: str, facts: Sequence[dict[str, Any]], language: Language) -> Message:
        """A message of these facts."""


@dataclass(frozen=True, slots=True)
class Route:
    """A contact of a recipient, and the way to it."""

    recipient: Recipient
    channel: Channel
    words: Words | None = None
    """What its messages are written in; None for the courier's own book."""


class Unlisted(Protocol):
    """Whom no file names: looked up when there is something for them."""

    def is_quiet(self, recipient: str, now: int) -> bool:
        """Whether it is one of them, and they are left in peace at ``now`` (ms)."""

    def route(self, recipient: str, way: str) -> Route | None:
        """The way to them; None where there is none."""


Routes = Mapping[tuple[str, str], Route]
"""By the names of recipient and contact."""


def routes(recipients: Iterable[Recipient], gateways: Mapping[str, str]) -> Routes:
    """The ways to all contacts. UsageError, with whose, where an address is none."""
    found = {}
    for recipient in recipients:
        for contact in recipient.contacts:
            try:
                way = channel(contact, gateways)
            except UsageError as error:
                raise UsageError(f"{recipient.name}: {error}") from None
            found[recipient.name, contact.name] = Route(recipient, way)
    return found


class Courier:
    """Sends what is in the outbox of the database behind ``engine``, in the words of ``book``.

    ``clock`` decides what is due; how long a lease and a retry last is real time, whatever its
    speed.
    """

    def __init__(
        self,
        engine: Engine,
        ways: Routes,
        book: Book,
        settings: NotifySettings,
        clock: Clock,
        unlisted: Unlisted | None = None,
    ) -> None:
        self.loop = Loop("courier", self._step)
        self._engine = engine
        self._routes = ways
        self._unlisted = unlisted
        self._book = book
        self._settings = settings
        self._clock = clock

    @property
    def problem(self) -> str:
        """Why nothing can be sent at all; empty where that is not so."""
        return self.loop.failure

    def standing(self) -> outbox.Standing:
        """How the outbox stands."""
        with database.reading(self._engine) as connection:
            return outbox.standing(connection, self._clock.now_ms() - DAY)

    def work(self) -> int:
        """Sends what is due, some of it at most; how many messages were tried."""
        parcels: list[Parcel] = []
        while len(parcels) < _AT_ONCE and not self.loop.stopping and (parcel := self._take()):
            parcels.append(parcel)
        if parcels:
            # Side by side: a gateway that is away must not hold up those that are not.
            with ThreadPoolExecutor(len(parcels), "courier") as pool:
                for _ in pool.map(self._deliver, parcels):
                    pass
        return len(parcels)

    def tidy(self) -> int:
        """Deletes what ended long ago; how many rows."""
        before = self._clock.now_ms() - self._settings.keep_days * DAY
        with database.writing(self._engine) as connection:
            return outbox.forget(connection, before)

    def _step(self) -> None:
        self.work()
        self.loop.wait(_STEP_S)

    def _take(self) -> Parcel | None:
        now = self._clock.now_ms()
        with database.reading(self._engine) as connection:
            if not outbox.is_due(connection, now):
                return None
        with database.writing(self._engine) as connection:
            return outbox.take(connection, now, self._real(LEASE_S), self._is_quiet(now))

    def _is_quiet(self, now: int) -> Callable[[str], bool]:
        recipients = {name: route.recipient for (name, _), route in self._routes.items()}

        def quiet(name: str) -> bool:
            recipient = recipients.get(name)
            if recipient is not None:
                return recipient.is_quiet(now, self._book.timezone)
            return self._unlisted is not None and self._unlisted.is_quiet(name, now)

        return quiet

    def _deliver(self, parcel: Parcel) -> None:
        route = self._routes.get((parcel.recipient, parcel.contact))
        if route is None and self._unlisted is not None:
            route = self._unlisted.route(parcel.recipient, parcel.contact)
        if route is None:
            self._give_up(parcel, "there is no such contact any more")
            return
        if parcel.attempt > self._settings.attempts:
            self._give_up(parcel, "whoever sent it died, each time")
            return
        written = route.words or self._book
        message = written.message(parcel.id, parcel.facts, route.recipient.language)
        if self._settings.dry_run:
            words = " | ".join(message.lines)
            log.info("dry run: %s by %s: %s", parcel.recipient, parcel.contact, words)
            self._mark(parcel, dry=True)
            return
        try:
            route.channel.send(message)
        except Retryable as error:
            self._failed(parcel, str(error))
        except Permanent as error:
            self._give_up(parcel, str(error))
        else:
            self._mark(parcel, dry=False)

    def _mark(self, parcel: Parcel, *, dry: bool) -> None:
        with database.writing(self._engine) as connection:
            outbox.sent(connection, parcel, self._clock.now_ms(), dry=dry)

    def _failed(self, parcel: Parcel, error: str) -> None:
        if parcel.attempt >= self._settings.attempts:
            self._give_up(parcel, error)
            return
        retry_at = self._clock.now_ms() + self._real(self._wait_s(parcel.attempt))
        log.warning(
            "%s by %s: %s; attempt %d, the next at %s",
            parcel.recipient,
            parcel.contact,
            error,
            parcel.attempt,
            to_rfc3339(retry_at),
        )
        with database.writing(self._engine) as connection:
            outbox.failed(connection, parcel, retry_at, error)

    def _give_up(self, parcel: Parcel, error: str) -> None:
        log.error(
            "given up after %d attempts: %s by %s: %s",
            parcel.attempt,
            parcel.recipient,
            parcel.contact,
            error,
        )
        with database.writing(self._engine) as connection:
            outbox.give_up(connection, parcel, self._clock.now_ms(), error)

    def _wait_s(self, attempt: int) -> float:
        settings = self._settings
        return min(settings.retry_max_s, settings.retry_s * 2.0 ** min(attempt - 1, 32))

    def _real(self, seconds: float) -> int:
        """Real seconds as ms of the clock."""
        return int(seconds * SECOND * self._clock.speed)
