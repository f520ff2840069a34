"""What happens to reports because time passes, on a thread of its own: they are moved along with
their matter, who made them is forgotten, and photos that a crash left behind are swept."""

from __future__ import annotations

import logging

from cases.residents import aftercare, rehoming
from cases.residents.reports import Reports
from facility.background import Loop
from facility.clock import DAY, HOUR, SECOND, Clock, SystemClock

log = logging.getLogger(__name__)

_STEP_S = 10.0

_SWEEP_EVERY = 6 * HOUR
_WRITTEN_BY = HOUR
"""A photo without a row is no leftover for so long: its report may be under way."""

_LEFT_WITHIN = 7 * DAY
"""Nor is one that is older: then the database is another than it was, and nothing is deleted."""


class ReportUpkeep:
    """One process does it for a database; what it knows is all in there. ``wall`` is the real time,
    by which files are written."""

    def __init__(self, reports: Reports, clock: Clock, wall: Clock | None = None) -> None:
        self.loop = Loop("reports", self._step)
        self._reports = reports
        self._clock = clock
        self._wall = wall or SystemClock()
        self._swept: int | None = None
        self._seen = -1

    def work(self) -> None:
        """Moves and forgets what is due now."""
        now = self._clock.now_ms()
        # Without a new event of any case no report has another home.
        seen = self._reports.desk.last_seq()
        if seen != self._seen:
            rehoming.follow(self._reports, now)
            self._seen = seen
        kept = self._reports.settings.keep_contacts_days * DAY
        aftercare.forget_closed(self._reports, now - kept, now)
        self._sweep()

    def _sweep(self) -> None:
        now = self._wall.now_ms()
        if self._swept is not None and now - self._swept < _SWEEP_EVERY:
            return
        since, until = now - _LEFT_WITHIN, now - _WRITTEN_BY
        if swept := self._reports.sweep_photos(since / SECOND, until / SECOND):
            log.warning("%d photos without a report were deleted", swept)
        self._swept = now

    def _step(self) -> None:
        self.work()
        self.loop.wait(_STEP_S)
