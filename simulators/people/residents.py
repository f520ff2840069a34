"""The residents of a simulated district: they report what they notice, and judge the result.

They call the hotline, so that somebody of the staff takes it down; afterwards they use the page
that their token opens. Reports are drawn by the clock: the same minute brings the same one.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from facility.clock import DAY, from_rfc3339
from simulators.people.client import Client
from simulators.people.habits import Residents
from simulators.people.lot import Lot

_ASIDE_DEG = 0.0002
"""Nobody stands on the lamp itself: up to some 20 m beside it."""

_NOWHERE = "example.com"
"""Mail to there reaches nobody (RFC 2606)."""

_PEOPLE = 10_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """A resident who waits for the end of a case."""

    case: str
    token: str


class Town:
    """The residents, who speak through ``client``: the hotline's, with a key."""

    def __init__(self, client: Client, habits: Residents) -> None:
        self._client = client
        self._habits = habits
        self._notices = {notice.type: notice for notice in habits.notices}
        self._noticed: set[str] = set()
        self._waiting: list[Waiting] = []
        self._places: Sequence[Mapping[str, Any]] = ()
        self._drawn_until: int | None = None

    def live(self, cases: Sequence[Mapping[str, Any]], now: int) -> None:
        """What they do up to ``now`` (ms); ``cases`` are those not closed. May raise Refused."""
        self._judge({case["id"] for case in cases}, now)
        for case in cases:
            self._notice(case, now)
        self._report_others(now)

    def _notice(self, case: Mapping[str, Any], now: int) -> None:
        notice = self._notices.get(case["type"])
        if notice is None or case["id"] in self._noticed or case["lon"] is None:
            return
        lot = Lot(case["id"])
        if now - from_rfc3339(case["opened_at"]) < lot.minutes("notice", notice.after_min):
            return
        self._noticed.add(case["id"])
        if case["state"] == "open" and not case["reports"] and lot.draws("noticed", notice.share):
            self._report(lot, notice.service, notice.says, case)

    def _report_others(self, now: int) -> None:
        if not self._habits.reports_a_day:
            return
        apart = round(DAY / self._habits.reports_a_day)
        last = self._drawn_until or now
        self._drawn_until = now
        for number in range(last // apart + 1, now // apart + 1):
            lot = Lot(f"report {number}")
            matter = self._habits.others[lot.of(len(self._habits.others))]
            if not self._places:
                self._places = list(self._client.pages("assets"))
            place = self._places[lot.of(len(self._places), "where")]
            self._report(lot, matter.service, matter.says, place)

    def _report(self, lot: Lot, service: str, says: str, near: Mapping[str, Any]) -> None:
        channels = self._habits.channels
        told: dict[str, Any] = {
            "service": service,
            "description": says,
            "lon": near["lon"] + (lot.share("x") - 0.5) * _ASIDE_DEG,
            "lat": near["lat"] + (lot.share("y") - 0.5) * _ASIDE_DEG,
            "channel": channels[lot.of(len(channels), "channel")],
        }
        if lot.draws("wants news", self._habits.wants_news):
            mail = f"resident-{lot.of(_PEOPLE, 'who')}@{_NOWHERE}"
            told |= {"mail": mail, "wants_news": True}
        taken = self._client.post("reports", told)
        self._waiting.append(Waiting(taken["case"], taken["token"]))

    def _judge(self, not_closed: Container[str], now: int) -> None:
        """Whoever's case came to its end says how it went, some time later."""
        for one in [one for one in self._waiting if one.case not in not_closed]:
            case = self._client.get(f"cases/{one.case}")
            lot = Lot(one.token)
            if now - from_rfc3339(case["closed_at"]) < lot.minutes(
                "rate", self._habits.rates_after_min
            ):
                continue
            self._waiting.remove(one)
            if case["stage"] != "closed" or not lot.draws("rates", self._habits.rates):
                continue
            unhappy = lot.draws("unhappy", self._habits.unhappy)
            stars = 1 + lot.of(2, "stars") if unhappy else 3 + lot.of(3, "stars")
            self._client.submit(f"/r/{one.token}/rate", satisfaction=stars)
            if unhappy:
                self._client.submit(f"/r/{one.token}/not-fixed")
