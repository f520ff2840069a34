"""What happens to reports because time passes, on a thread of its own: they are moved along with
their matter, and who made them is forgotten."""

from __future__ import annotations

import logging

from cases.residents import aftercare, rehoming
from cases.residents.reports import Reports
from facility.background import Loop
from facility.clock import DAY, Clock
from facility.errors import Retryable

log = logging.getLogger(__name__)

_STEP_S = 10.0


class ReportUpkeep:
    """One process does it for a database; what it knows is all in there."""

    def __init__(self, reports: Reports, clock: Clock) -> None:
        self.loop = Loop("reports", self._step)
        self._reports = reports
        self._clock = clock
        self._seen = -1
        self._problem = ""

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

    def _step(self) -> None:
        try:
            self.work()
            self._problem = ""
        except Retryable as error:
            if not self._problem:
                log.error("reports wait: %s", error)
            self._problem = str(error)
        self.loop.wait(_STEP_S)
