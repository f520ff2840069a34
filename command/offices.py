"""Units, supervision and what is told to whom, as the files of the data directory say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from cases.filing.basis import Filing
from cases.notices import subscriptions, units, wording
from cases.notices.telling import Telling
from cases.supervision import grounds
from cases.supervision.grounds import Figures
from cases.supervision.supervised import Ledger
from cases.turn import Hook
from command.settings import Settings


@dataclass(frozen=True, slots=True)
class Offices:
    """Who is told of what, the list of what is supervised, and the figures it is supervised by."""

    telling: Telling
    ledger: Ledger
    figures: Figures

    @property
    def hooks(self) -> tuple[Hook, ...]:
        """What every desk has to call."""
        return self.telling.hook, self.ledger.hook


def read_offices(settings: Settings, filing: Filing) -> Offices:
    """The files that are there; UsageError, with line and key, where one is wrong."""
    own = settings.data_dir
    found = units.load(own / "units.toml")
    book = wording.load(
        ZoneInfo(settings.site.timezone), _own(own / "notices.toml", wording.SHIPPED)
    )
    subscribers = subscriptions.load(own / "subscriptions.toml", book)
    telling = Telling(found, subscribers, book, filing, settings.notify.window_s)
    figures = grounds.load(_own(own / "supervision.toml", grounds.SHIPPED))
    return Offices(telling, Ledger(found), figures)


def _own(path: Path, shipped: Path) -> Path:
    return path if path.exists() else shipped
