"""Reports and their cases, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from cases import database
from cases.actions import Given, WrongField
from cases.case import Case
from cases.desk import NoSuchCase, Refused
from cases.residents import aftercare
from cases.residents.listing import ReportFilter, Sort
from cases.residents.photos import PhotoFiles
from cases.residents.reported import CHANNELS, Contact
from cases.residents.reports import NoSuchReport, Reports
from cases.residents.settings import ReportSettings
from facility.clock import DAY, HOUR
from facility.errors import UsageError
from tests.cases.made import event
from tests.cases.residents import (
    DISPATCHER,
    LAT,
    LON,
    MAIL,
    MONDAY,
    NAME,
    PHONE,
    SOMEBODY,
    reports_on,
    sent,
    told,
    worked_off,
)


@pytest.fixture
def reports(url: str, tmp_path: Path) -> Iterator[Reports]:
    with reports_on(url, tmp_path) as made:
        yield made


def case_of(reports: Reports, report_id: int) -> Case:
    found = reports.desk.get(reports.get(report_id).case)
    assert found is not None
    return found


def history(reports: Reports, case_id: str) -> list[tuple[str, str]]:
    return [(one.event.event, one.event.author) for one in reports.desk.events_of(case_id)]


def sensed(reports: Reports, at: int = MONDAY - HOUR) -> str:
    """A sensor's case of the cover in the middle of the street."""
    opened = event(
        at, "opened", "M1", case="S-1", type="cover.rattle", subject="cover:M1", cause="impacts"
    )
    assert reports.desk.record([opened]) == 1
    return "S-1"


def test_a_report_opens_a_case_that_is_verified_first(reports: Reports) -> None:
    taken = reports.take(told(contact=SOMEBODY), MONDAY)
    case = taken.case
    assert not taken.joined
    assert (case.type, case.subject, case.stage) == ("reported", "report:1", "reported")
    assert (case.cell, case.street) == ("410105001001", "410105001")
    assert (case.lon, case.lat, case.reports) == (LON, LAT, 1)
    assert case.filed is not None
    assert (case.filed.code, case.filed.condition) == ("L201", "damaged")
    assert case.evidence == {"report": "1", "channel": "hotline", "service": "L201-damaged"}
    assert history(reports, case.id) == [("opened", "resident")]
    assert reports.get(1) == taken.report
    assert taken.report.cell == "410105001001"


def test_who_made_it_is_kept_apart(reports: Reports) -> None:
    reports.take(told(contact=SOMEBODY), MONDAY)
    reports.take(told(), MONDAY + 1)
    assert reports.contact(1) == SOMEBODY
    assert reports.contact(2) is None
    with database.reading(reports.engine) as connection:
        for table in ("reports", "cases", "case_events"):
            rows = str(connection.execute(text(f"SELECT * FROM {table}")).all())
            for personal in (NAME, PHONE, MAIL, "device-77", "account-88"):
                assert personal not in rows, table


def test_the_token_finds_it_and_is_not_kept(reports: Reports) -> None:
    one, two = reports.take(told(), MONDAY), reports.take(told(), MONDAY)
    assert one.token != two.token
    assert len(one.token) >= 22
    assert reports.by_token(two.token).id == two.report.id
    with database.reading(reports.engine) as connection:
        assert one.token not in str(connection.execute(text("SELECT * FROM reports")).all())
    for wrong in ("", "x", one.token[:-1], str(one.report.id)):
        with pytest.raises(NoSuchReport):
            reports.by_token(wrong)


def test_near_a_sensors_case_it_joins_and_counts(reports: Reports) -> None:
    sensed(reports)
    taken = reports.take(told("0123-rattle", lon=LON + 0.0002), MONDAY)
    assert taken.joined
    assert (taken.case.id, taken.case.stage, taken.case.reports) == ("S-1", "filed", 1)
    assert history(reports, "S-1") == [("opened", "rules"), ("noted", "resident")]
    far = reports.take(told("0123-rattle", lon=LON + 0.001), MONDAY)
    assert not far.joined
    other = reports.take(told("0123-dangerous"), MONDAY)
    assert not other.joined


def test_the_same_again_joins_the_first(reports: Reports) -> None:
    first = reports.take(told(), MONDAY)
    # Two in one ms are two.
    again = [reports.take(told(channel=channel), MONDAY + HOUR) for channel in CHANNELS]
    assert {one.case.id for one in again} == {first.case.id}
    assert all(one.joined for one in again)
    assert case_of(reports, 1).reports == 1 + len(CHANNELS)


def test_a_named_facility_says_where_and_what_it_is(reports: Reports) -> None:
    taken = reports.take(told("0123-rattle", asset="M1"), MONDAY)
    assert (taken.report.code, taken.report.lon, taken.report.lat) == ("0103", LON, LAT)
    assert (taken.case.members, taken.case.cell) == (("M1",), "410105001001")
    assert reports.desk.proposed_unit(taken.case) == "排水公司"


def test_an_address_alone_will_do(reports: Reports) -> None:
    one = reports.take(told(address=" 花园路与农业路口 "), MONDAY)
    two = reports.take(told(address="花园路与农业路口"), MONDAY)
    assert one.report.address == "花园路与农业路口"
    assert (one.case.lon, one.case.cell) == (None, None)
    assert two.case.id != one.case.id, "nobody knows whether it is near"


def test_a_chosen_kind_of_cover_is_its_row(reports: Reports) -> None:
    assert reports.take(told("0123-rattle", chosen="0111"), MONDAY).report.code == "0111"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"service": "0137"}, "service"),
        ({"service": "9999-out"}, "service"),
        ({"service": "0103-rattle"}, "service"),
        ({"asset": "M9"}, "asset"),
        ({"chosen": "0103"}, "chosen"),
        ({"service": "0123-rattle", "chosen": "0304"}, "chosen"),
        ({"lon": 116.4, "lat": 39.9}, "lon"),
        ({"lon": LON + 0.051}, "lon"),
        ({"lon": float("nan"), "lat": LAT}, "lon"),
        ({"lon": LON, "lat": float("inf")}, "lat"),
        ({"lon": 181.0, "lat": LAT}, "lon"),
        ({"lon": LON, "lat": None}, "lat"),
        ({"lon": None, "lat": LAT}, "lon"),
        ({"address": "  "}, "address"),
        ({"address": "路" * 201}, "address"),
        ({"description": "坑" * 4_001}, "description"),
        ({"description": "坑\0"}, "description"),
        ({"description": "坑\ud800"}, "description"),
        ({"media_url": "javascript:alert(1)"}, "media_url"),
        ({"contact": Contact(phone="call me")}, "phone"),
        ({"contact": Contact(phone="1" * 33)}, "phone"),
        ({"contact": Contact(mail="wang")}, "mail"),
        ({"contact": Contact(name="王" * 65)}, "name"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(
    reports: Reports, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(WrongField) as caught:
        reports.take(told(**wrong), MONDAY)
    assert caught.value.field == field
    assert reports.listing(ReportFilter(), 10).items == ()
    assert reports.desk.counts()["open"] == 0


def test_photos_come_with_it_and_with_what_was_done(reports: Reports) -> None:
    taken = reports.take(told(photos=(sent(), sent())), MONDAY)
    result = sent()
    reports.add_photos(taken.case.id, [result], MONDAY + 1, "ha")
    of_report = reports.photos_of([1, 2])[1]
    of_case = reports.photos_of_case(taken.case.id)
    assert len(of_report) == 2
    assert [(one.id, one.added_by) for one in of_case] == [(result.id, "ha")]
    for one in (*of_report, *of_case):
        assert reports.files.path(one.id) is not None
        assert reports.photo(one.id) == one
    with pytest.raises(NoSuchCase):
        reports.add_photos("none", [sent()], MONDAY, "ha")


def test_a_report_that_fails_leaves_no_photo_behind(reports: Reports, tmp_path: Path) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a hook fails")

    reports.desk.hooks = (broken,)
    with pytest.raises(RuntimeError):
        reports.take(told(photos=(sent(),)), MONDAY)
    assert not [path for path in (tmp_path / "photos").rglob("*") if path.is_file()]
    assert reports.listing(ReportFilter(), 10).items == ()
    assert reports.desk.counts()["open"] == 0, "one transaction"


def test_many_at_once_are_one_case_and_many_reports(reports: Reports) -> None:
    threads = [threading.Thread(target=reports.take, args=(told(), MONDAY + n)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reports.listing(ReportFilter(), 10).items) == 6
    assert case_of(reports, 1).reports == 6
    assert reports.desk.counts()["open"] == 1


def test_lists_are_narrowed_and_paged(reports: Reports) -> None:
    for n, channel in enumerate(CHANNELS):
        reports.take(told(channel=channel), MONDAY + n)
    reports.take(told("L301-found"), MONDAY + 100)
    worked_off(reports.desk, reports.get(7).case, MONDAY + 200)

    def ids(**filters: Any) -> list[int]:
        return [one.id for one in reports.listing(ReportFilter(**filters), 10).items]

    assert ids() == [7, 6, 5, 4, 3, 2, 1]
    assert ids(channel="ssp") == [3]
    assert ids(services=("L301-found",)) == [7]
    assert ids(open=False) == ids(unit="市政一队") == [7]
    assert ids(open=True, since=MONDAY + 4) == [6, 5]
    assert ids(until=MONDAY + 1) == [2, 1]
    assert ids(ids=(2, 5)) == [5, 2]
    assert ids(case=reports.get(1).case) == [6, 5, 4, 3, 2, 1]
    assert ids(streets=("410105002",)) == []
    assert ids(not_fixed=True) == []
    seen, cursor = [], None
    while True:
        page = reports.listing(ReportFilter(), 3, cursor)
        seen += [one.id for one in page.items]
        if (cursor := page.next) is None:
            break
    assert seen == [7, 6, 5, 4, 3, 2, 1]


def test_reports_by_what_their_residents_said(reports: Reports) -> None:
    for n in range(5):
        reports.take(told(), MONDAY + n)
    with database.writing(reports.engine) as connection:
        connection.execute(text("UPDATE reports SET satisfaction = 4 WHERE id IN (1, 4)"))
        connection.execute(text("UPDATE reports SET satisfaction = 1 WHERE id = 3"))
        connection.execute(text("UPDATE reports SET not_fixed_at = 7 WHERE id IN (2, 5)"))

    def paged(sort: Sort) -> list[int]:
        page = reports.listing(ReportFilter(), 2, sort=sort)
        seen = list(page.items)
        while page.next is not None:
            page = reports.listing(ReportFilter(), 2, page.next, sort)
            seen += page.items
        return [one.id for one in seen]

    assert paged("received_at") == [5, 4, 3, 2, 1]
    assert paged("satisfaction") == [3, 1, 4, 2, 5]
    assert paged("not_fixed_at") == [5, 2, 4, 3, 1]


@pytest.mark.parametrize("cursor", ["x", "é", "WzFd", "WzEsICJhIl0", "WzFlOTksIDFd"])
def test_a_cursor_of_nowhere_is_refused(reports: Reports, cursor: str) -> None:
    with pytest.raises(UsageError, match="cursor"):
        reports.listing(ReportFilter(), 3, cursor)


def test_it_is_joined_and_split_by_hand(reports: Reports) -> None:
    sensed(reports)
    one = reports.take(told("0123-rattle", lon=LON + 0.001), MONDAY)
    joined = aftercare.join(reports, 1, "S-1", MONDAY + 1, "di")
    assert (joined.id, joined.reports) == ("S-1", 1)
    left = reports.desk.get(one.case.id)
    assert left is not None
    assert (left.stage, left.how) == ("closed", "merged")
    assert reports.desk.events_of(left.id)[-1].event.evidence["into"] == "S-1"
    with pytest.raises(Refused):
        aftercare.join(reports, 1, "S-1", MONDAY + 2, "di")
    own = aftercare.split(reports, 1, MONDAY, "di")
    assert own.id != one.case.id, "another case, be it in the same ms"
    assert (own.type, own.stage) == ("reported", "reported")
    assert reports.get(1).case == own.id
    assert history(reports, own.id) == [("opened", "di")]
    with pytest.raises(Refused):
        aftercare.split(reports, 1, MONDAY + 4, "di")
    with pytest.raises(NoSuchCase):
        aftercare.join(reports, 1, "none", MONDAY + 5, "di")
    with pytest.raises(NoSuchReport):
        aftercare.join(reports, 9, "S-1", MONDAY + 5, "di")


def test_a_case_with_other_reports_stays_when_one_is_moved(reports: Reports) -> None:
    sensed(reports)
    one = reports.take(told("0123-rattle", lon=LON + 0.001), MONDAY)
    reports.take(told("0123-rattle", lon=LON + 0.001), MONDAY + 1)
    aftercare.join(reports, 1, "S-1", MONDAY + 2, "di")
    left = reports.desk.get(one.case.id)
    assert left is not None
    assert left.stage == "reported"


def test_nothing_is_joined_to_what_is_over(reports: Reports) -> None:
    one, two = reports.take(told(), MONDAY), reports.take(told("L301-found"), MONDAY)
    worked_off(reports.desk, one.case.id, MONDAY)
    with pytest.raises(Refused):
        aftercare.join(reports, two.report.id, one.case.id, MONDAY + HOUR, "di")
    assert reports.get(2).case == two.case.id
    anew = reports.take(told(), MONDAY + HOUR)
    assert not anew.joined


def test_satisfaction_is_asked_when_it_is_closed(reports: Reports) -> None:
    taken = reports.take(told(), MONDAY)
    with pytest.raises(Refused):
        aftercare.rate(reports, 1, 5, MONDAY)
    worked_off(reports.desk, taken.case.id, MONDAY)
    assert aftercare.rate(reports, 1, 2, MONDAY + HOUR).satisfaction == 2
    assert aftercare.rate(reports, 1, 4, MONDAY + 2 * HOUR).satisfaction == 4
    for wrong in (0, 6, -1):
        with pytest.raises(WrongField):
            aftercare.rate(reports, 1, wrong, MONDAY + HOUR)


def test_not_fixed_opens_a_recurrence(reports: Reports) -> None:
    taken = reports.take(told(), MONDAY)
    with pytest.raises(Refused):
        aftercare.not_fixed(reports, 1, MONDAY)
    worked_off(reports.desk, taken.case.id, MONDAY)
    again = aftercare.not_fixed(reports, 1, MONDAY + HOUR)
    assert (again.previous, again.stage, again.reports) == (taken.case.id, "reported", 1)
    assert again.evidence["not_fixed"] is True
    report = reports.get(1)
    assert (report.case, report.not_fixed, report.not_fixed_at) == (again.id, 1, MONDAY + HOUR)
    with pytest.raises(Refused):
        aftercare.not_fixed(reports, 1, MONDAY + HOUR)
    worked_off(reports.desk, again.id, MONDAY + 2 * HOUR)
    assert aftercare.not_fixed(reports, 1, MONDAY + DAY).previous == again.id
    assert reports.get(1).not_fixed == 2
    assert reports.listing(ReportFilter(not_fixed=True), 10).items == (reports.get(1),)


def test_not_fixed_joins_what_the_sensors_see(reports: Reports) -> None:
    taken = reports.take(told("0123-rattle"), MONDAY)
    worked_off(reports.desk, taken.case.id, MONDAY)
    sensed(reports, MONDAY + HOUR)
    again = aftercare.not_fixed(reports, 1, MONDAY + 2 * HOUR)
    assert (again.id, again.reports) == ("S-1", 1)


@pytest.mark.parametrize(
    ("set_", "days", "possible"), [(7, 7, True), (7, 8, False), (14, 14, True), (0, 1, False)]
)
def test_not_fixed_can_be_said_for_some_days(
    reports: Reports, set_: int, days: int, possible: bool
) -> None:
    reports.settings = ReportSettings(not_fixed_days=set_)
    taken = reports.take(told(), MONDAY)
    worked_off(reports.desk, taken.case.id, MONDAY)
    closed = case_of(reports, 1)
    assert closed.closed_at is not None
    at = closed.closed_at + days * DAY
    if possible:
        assert aftercare.not_fixed(reports, 1, at).previous == closed.id
    else:
        with pytest.raises(Refused, match=f"within {set_} days"):
            aftercare.not_fixed(reports, 1, at)


def test_a_void_case_is_not_taken_up_again(reports: Reports) -> None:
    taken = reports.take(told(), MONDAY)
    reports.desk.act(taken.case.id, "void", DISPATCHER, MONDAY + 1, Given(reason="重复"))
    with pytest.raises(Refused):
        aftercare.not_fixed(reports, 1, MONDAY + 2)
    assert aftercare.rate(reports, 1, 1, MONDAY + 2).satisfaction == 1


def test_a_person_is_forgotten_on_request(reports: Reports) -> None:
    reports.take(told(contact=SOMEBODY, description=f"请打 {PHONE} 或写 {MAIL}"), MONDAY)
    aftercare.forget(reports, 1, MONDAY + 1)
    aftercare.forget(reports, 1, MONDAY + 2)
    assert reports.contact(1) is None
    report = reports.get(1)
    assert report.description == "请打 *** 或写 ***"
    assert report.forgotten_at == MONDAY + 2
    with pytest.raises(NoSuchReport):
        aftercare.forget(reports, 2, MONDAY)


def test_people_are_forgotten_some_time_after_the_closing(reports: Reports) -> None:
    taken = reports.take(told(contact=SOMEBODY), MONDAY)
    reports.take(told("L301-found", contact=SOMEBODY), MONDAY)
    worked_off(reports.desk, taken.case.id, MONDAY)
    closed = case_of(reports, 1).closed_at
    assert closed is not None
    assert aftercare.forget_closed(reports, closed, closed + 1) == 0
    assert aftercare.forget_closed(reports, closed + 1, closed + 1) == 1
    assert aftercare.forget_closed(reports, closed + 1, closed + 1) == 0
    assert (reports.contact(1), reports.contact(2)) == (None, SOMEBODY)
    assert reports.get(1).description == "路上有个大坑"


def test_files_of_photos_are_where_they_are_told(reports: Reports, tmp_path: Path) -> None:
    reports.take(told(photos=(sent(),)), MONDAY)
    (kept,) = reports.photos_of([1])[1]
    assert PhotoFiles(tmp_path / "photos").path(kept.id) is not None
