"""Who is told of what, in which words, and that it goes with the case's own change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from cases import database
from cases.actions import Given
from cases.case import Case
from cases.desk import Desk, Refused
from cases.events import EVENTS, CaseEvent, Opening
from cases.notices import subscriptions, units, wording
from cases.notices.contacts import Contact
from cases.notices.subscriptions import Subscription
from cases.notices.telling import Telling
from cases.notices.wording import facts_of
from cases.schema import outbox
from cases.supervision.grounds import CAUSES
from facility.errors import UsageError
from tests.cases.filings import FILING, SHANGHAI, local
from tests.cases.made import LI, event

BOOK = wording.load(SHANGHAI.timezone)
NOON = local("2026-06-22 12:00")
STREET = "410105008"
CREW = "金水区照明管理中心"
OFFICE = "花园路街道办事处"


def with_contacts(found: units.Units) -> units.Units:
    """The units, each to be reached by a group."""
    return units.Units(
        [
            replace(unit, recipient=replace(unit.recipient, contacts=(Contact("group", "x://"),)))
            for unit in found
        ]
    )


UNITS = with_contacts(units.load(units.EXAMPLE))


def subscribed(tmp_path: Path, *lines: str) -> tuple[Subscription, ...]:
    path = tmp_path / "subscriptions.toml"
    entry = '[[subscriptions]]\nname = "a"\ncontacts.group = "x://"\n'
    path.write_text(entry + "\n".join(lines), "utf-8")
    return subscriptions.load(path, BOOK)


def rattle(case: str = "c1", at: int = NOON, type_: str = "cover.rattle") -> CaseEvent:
    """A cover's case, filed and in its street."""
    made = event(at, "opened", "M-storm", case=case, type=type_, subject="cover:M-storm")
    return replace(made, filed=FILING.filed(made), opening=Opening(street=STREET))


def displaced(case: str = "c1", at: int = NOON) -> CaseEvent:
    return rattle(case, at, "cover.displaced")


@pytest.fixture
def telling_desk(url: str) -> Callable[..., tuple[Desk, Callable[[], list[Any]]]]:
    """``telling_desk(subscriptions)``: a desk that tells, and what it has put in the outbox."""

    def make(subscribers: tuple[Subscription, ...] = ()) -> tuple[Desk, Callable[[], list[Any]]]:
        desk = Desk(url, FILING, [Telling(UNITS, subscribers, BOOK, FILING).hook])

        def told() -> list[Any]:
            engine = database.connect(url)
            with database.reading(engine) as connection:
                found = connection.execute(select(outbox).order_by(outbox.c.id)).all()
            engine.dispose()
            return [(row.recipient, row.facts["event"]) for row in found]

        return desk, told

    return make


def test_the_unit_is_told_of_its_cases_and_who_stands_above_of_supervision(
    telling_desk: Callable[..., tuple[Desk, Callable[[], list[Any]]]],
) -> None:
    desk, told = telling_desk()
    desk.record([rattle()])
    assert told() == [], "nobody has it yet"
    desk.act("c1", "dispatch", LI, NOON + 1, Given(unit=CREW))
    desk.act("c1", "supervise", LI, NOON + 2, Given(level=2, reason="催"))
    assert told() == [
        (f"unit:{CREW}", "dispatched"),
        (f"unit:{CREW}", "supervised"),
        ("unit:金水区城市管理局", "supervised"),
    ]
    desk.close()


def test_subscribers_are_told_of_their_roles_events(
    tmp_path: Path, telling_desk: Callable[..., tuple[Desk, Callable[[], list[Any]]]]
) -> None:
    desk, told = telling_desk(subscribed(tmp_path, 'role = "dispatcher"'))
    desk.record([rattle()])
    desk.act("c1", "dispatch", LI, NOON + 1, Given(unit="somebody else"))
    assert told() == [("subscription:a", "opened")]
    desk.close()


def test_an_action_that_is_refused_tells_nobody(
    tmp_path: Path, telling_desk: Callable[..., tuple[Desk, Callable[[], list[Any]]]]
) -> None:
    desk, told = telling_desk(subscribed(tmp_path, 'role = "admin"', 'events = ["accepted"]'))
    desk.record([rattle()])
    with pytest.raises(Refused):
        desk.act("c1", "accept", LI, NOON + 1)
    assert told() == []
    desk.close()


def test_what_is_not_kept_is_not_told(url: str, tmp_path: Path) -> None:
    """The outbox is written in the case's own transaction, or not at all."""

    def fails(_: Connection, __: Case | None, ___: Case, ____: CaseEvent) -> None:
        raise RuntimeError("the next hook fails")

    telling = Telling(UNITS, subscribed(tmp_path, 'role = "dispatcher"'), BOOK, FILING)
    desk = Desk(url, FILING, [telling.hook, fails])
    with pytest.raises(RuntimeError, match="next hook"):
        desk.record([rattle()])
    assert desk.get("c1") is None
    desk.close()
    engine = database.connect(url)
    with database.reading(engine) as connection:
        assert connection.execute(select(outbox)).all() == []
    engine.dispose()


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (f'streets = ["{STREET}"]', True),
        ('streets = ["410105001"]', False),
        ('types = ["cover.*"]', True),
        ('types = ["streetlight.*", "cover.displaced"]', False),
        ('units = ["a unit"]', False),
        ('severity = "attention"', True),
        ('severity = "urgent"', False),
        ("level = 1", False),
        ('events = ["closed"]', False),
    ],
)
def test_a_subscription_narrows(tmp_path: Path, line: str, wanted: bool) -> None:
    telling = Telling(units.Units(), subscribed(tmp_path, 'role = "viewer"', line), BOOK, FILING)
    case = replace(CASE, street=STREET)
    assert bool(telling.notices(None, case, rattle())) == wanted


CASE = Case(
    id="c1",
    type="cover.rattle",
    subject="cover:M-storm",
    state="open",
    opened_at=NOON,
    members=("M-storm",),
    filed=FILING.filed(rattle()),
    unit=CREW,
    street=STREET,
)


def told(case: Case, what: CaseEvent) -> dict[str, Any]:
    (notice,) = [
        one
        for one in Telling(UNITS, (), BOOK, FILING).notices(None, case, what)
        if one.recipient.name == f"unit:{CREW}"
    ]
    return notice.facts


def test_a_line_says_what_where_and_until_when_in_local_time() -> None:
    facts = told(CASE, replace(rattle(), event="dispatched", evidence={"unit": CREW}))
    assert BOOK.line(facts, "zh") == (
        f"已派遣给 {CREW}:c1 雨水井盖 井盖弹跳,产生声响(M-storm),2026-06-24 12:00 前办结"
    ).replace("弹跳,", "弹跳，")
    assert "due 2026-06-24 12:00" in BOOK.line(facts, "en")


def test_what_an_event_does_not_have_is_a_dash_and_a_line_stays_one() -> None:
    facts = told(CASE, replace(rattle(), event="reworked", evidence={"reason": "没修\n{好}"}))
    assert BOOK.line(facts, "zh").endswith("原因:没修 {好}")
    assert BOOK.line(facts | {"reason": None}, "zh").endswith("原因:—")


def test_what_a_rule_has_seen_is_not_what_somebody_said() -> None:
    seen = {"until": "dusk", "causes": 3, "unit": {}, "how": ["x"], "term": 0, "reason": None}
    case = replace(CASE, unit=None)
    facts = facts_of(case, replace(rattle(), evidence=seen), "M1", FILING)
    for language in ("zh", "en"):
        assert "c1" in BOOK.line(facts, language)
    assert {facts[name] for name in ("until", "unit", "how", "term", "reason")} == {None}


def test_an_event_that_lost_its_words_is_told_by_its_name() -> None:
    facts = told(CASE, replace(rattle(), event="dispatched"))
    assert BOOK.line(facts | {"event": "exploded"}, "zh") == "exploded: c1"


def test_urgent_is_what_is_dangerous_or_high_up() -> None:
    facts = told(CASE, replace(rattle(), event="dispatched"))
    assert not BOOK.is_urgent(facts)
    assert BOOK.is_urgent(facts | {"severity": "urgent"})
    assert not BOOK.is_urgent(facts | {"severity": "urgent", "event": "closed"})
    assert not BOOK.is_urgent(facts | {"event": "supervised", "level": 1})
    assert BOOK.is_urgent(facts | {"event": "supervised", "level": 2})
    dangerous = replace(CASE, type="cover.displaced", filed=FILING.filed(displaced()))
    assert told(dangerous, replace(displaced(), event="dispatched"))["severity"] == "urgent"


def test_there_are_words_for_every_event_and_cause_in_both_languages() -> None:
    quiet = {"joined", "left", "verified", "persisted"}
    facts = told(CASE, replace(rattle(), event="dispatched"))
    for name in (*EVENTS, "due_soon"):
        assert (name in BOOK.events) == (name not in quiet)
        if name not in quiet:
            for language in ("zh", "en"):
                assert "c1" in BOOK.line(facts | {"event": name}, language)
    for cause in CAUSES:
        line = BOOK.line(facts | {"event": "supervised", "causes": [cause]}, "zh")
        assert cause not in line


def test_a_message_has_the_lines_of_its_notices() -> None:
    facts = told(CASE, replace(rattle(), event="dispatched"))
    message = BOOK.message("m1", [facts, facts | {"case": "c2"}], "en")
    assert message.title == "Xiuhua: 2 case messages"
    assert ["c1" in message.lines[0], "c2" in message.lines[1]] == [True, True]
    assert [one["case"] for one in message.facts] == ["c1", "c2"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (('role = "boss"',), "role"),
        (('role = "viewer"', 'events = ["exploded"]'), "nobody is told of 'exploded'"),
        (('role = "viewer"', "level = 4"), "level"),
        (('role = "viewer"', 'contact = "x"'), "contact"),
    ],
)
def test_a_wrong_subscription_says_where(
    tmp_path: Path, lines: tuple[str, ...], words: str
) -> None:
    with pytest.raises(UsageError, match=r"subscriptions\.toml:1: ") as caught:
        subscribed(tmp_path, *lines)
    assert words in str(caught.value)


def test_the_example_can_be_read() -> None:
    found = subscriptions.load(subscriptions.EXAMPLE, BOOK)
    assert [one.recipient.language for one in found] == ["zh", "zh", "en"]


def test_words_that_cannot_be_filled_in_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "notices.toml"
    path.write_text(wording.SHIPPED.read_text("utf-8").replace("{reason}", "{raison}"), "utf-8")
    with pytest.raises(UsageError, match=r"events\..*raison"):
        wording.load(SHANGHAI.timezone, path)
