"""Residents are told how it goes on, on both databases: who wants it, once, and in secret."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import text

from cases import database
from cases.actions import Given
from cases.notices import outbox, wording
from cases.notices.courier import Courier
from cases.notices.notify import NotifySettings
from cases.notices.webhook import sign
from cases.residents import aftercare
from cases.residents.news import News, Residents
from cases.residents.news_settings import NewsSettings, SmsGateway
from cases.residents.reported import Contact
from cases.residents.reports import Reports
from cases.residents.settings import ReportSettings
from cases.residents.tokens import Tokens
from facility.clock import HOUR, MINUTE, SECOND
from tests.cases.filings import SHANGHAI, local
from tests.cases.residents import (
    DISPATCHER,
    FILING,
    MAIL,
    MONDAY,
    NAME,
    OPERATOR,
    PHONE,
    TOKENS,
    reports_on,
    told,
    worked_off,
)
from tests.cases.sinks import HttpSink, MailSink, http_sink, mail_sink

SECRET = "a secret of many characters"
BOOK = wording.load(SHANGHAI.timezone)
BY_MAIL = Contact(NAME, None, MAIL, wants_news=True)
BY_PHONE = Contact(NAME, PHONE, wants_news=True)


class Clock:
    speed = 1.0

    def __init__(self, ms: int) -> None:
        self.ms = ms

    def now_ms(self) -> int:
        return self.ms


class Post:
    """A desk that tells residents, and what was sent to them."""

    def __init__(
        self, reports: Reports, settings: NewsSettings, tokens: Tokens = TOKENS, **more: Any
    ) -> None:
        self.reports = reports
        self.clock = Clock(MONDAY)
        news = News(settings, FILING, window_s=60)
        reports.desk.hooks = (news.hook,)
        all_ = ReportSettings(news=settings, **more)
        zone = SHANGHAI.timezone
        residents = Residents(reports.engine, all_, {}, zone, tokens, self.clock)
        self.courier = Courier(
            reports.engine, {}, BOOK, NotifySettings(attempts=2), self.clock, residents
        )

    def take(self, contact: Contact, **more: Any) -> str:
        return self.reports.take(told(contact=contact, **more), MONDAY).case.id

    def send(self, at: int) -> int:
        self.clock.ms = at
        return self.courier.work()

    def counts(self) -> dict[str, int]:
        with database.reading(self.reports.engine) as connection:
            return {name: n for name, n in outbox.standing(connection, 0).counts.items() if n}


@pytest.fixture
def reports(url: str, tmp_path: Path) -> Iterator[Reports]:
    with reports_on(url, tmp_path) as made:
        yield made


@pytest.fixture
def sms() -> Iterator[HttpSink]:
    with http_sink() as sink:
        yield sink


@pytest.fixture
def mail() -> Iterator[MailSink]:
    with mail_sink() as sink:
        yield sink


def by_sms(sink: HttpSink, **more: Any) -> NewsSettings:
    return NewsSettings(sms=SmsGateway(url=f"{sink.url}/sms", secret=SecretStr(SECRET)), **more)


def by_mail(sink: MailSink) -> NewsSettings:
    return NewsSettings(mail=SecretStr(f"mailto://127.0.0.1:{sink.port}?from=city@example.cn"))


def test_a_text_message_goes_out_for_each_step_that_matters(
    reports: Reports, sms: HttpSink
) -> None:
    post = Post(reports, by_sms(sms))
    case = post.take(BY_PHONE)
    assert post.send(MONDAY + HOUR) == 0, "that it was received, they know"
    reports.desk.act(case, "file", OPERATOR, MONDAY + HOUR)
    assert post.send(MONDAY + HOUR) == 0, "it waits for others"
    assert post.send(MONDAY + HOUR + MINUTE) == 1
    (request,) = sms.requests
    assert request.json["to"] == PHONE
    assert request.json["text"] == "您反映的“路面破损、坑槽”（编号 1）：已立案，正在确定负责单位"
    headers = {name.lower(): value for name, value in request.headers.items()}
    stamp = post.clock.ms // SECOND
    assert headers["webhook-signature"] == sign(SECRET, request.json["id"], stamp, request.body)


def test_a_burst_is_one_message(reports: Reports, sms: HttpSink) -> None:
    post = Post(reports, by_sms(sms))
    worked_off(reports.desk, post.take(BY_PHONE), MONDAY)
    assert post.send(MONDAY + HOUR) == 1
    assert post.send(MONDAY + 2 * HOUR) == 0
    lines = sms.requests[0].json["text"].splitlines()
    assert len(lines) == 4
    assert "7 天内可要求重新办理" in lines[-1]
    assert "现场核查确认已解决" in lines[-1]


def test_a_message_says_where_the_page_is(reports: Reports, sms: HttpSink) -> None:
    post = Post(reports, by_sms(sms), public_url="https://city.example/x/", not_fixed_days=10)
    taken = reports.take(told(contact=BY_PHONE), MONDAY)
    worked_off(reports.desk, taken.case.id, MONDAY)
    with database.reading(reports.engine) as connection:
        rows = str(connection.execute(text("SELECT * FROM outbox")).all())
    assert taken.token not in rows
    assert post.send(MONDAY + HOUR) == 1
    *_, judged, page = sms.requests[0].json["text"].splitlines()
    assert "10 天内可要求重新办理" in judged
    assert page == f"查询网页：https://city.example/x/r/{taken.token}"


@pytest.mark.parametrize(
    ("secret", "public_url"),
    [(b"another", "https://city.example"), (b"the secret of a place", None)],
)
def test_without_the_secret_or_an_address_it_says_no_page(
    reports: Reports, sms: HttpSink, secret: bytes, public_url: str | None
) -> None:
    post = Post(reports, by_sms(sms), Tokens(secret), public_url=public_url)
    reports.desk.act(post.take(BY_PHONE), "file", OPERATOR, MONDAY)
    assert post.send(MONDAY + HOUR) == 1
    assert len(sms.requests[0].json["text"].splitlines()) == 1
    assert "/r/" not in sms.requests[0].json["text"]


def test_a_mail_in_the_residents_language(reports: Reports, mail: MailSink) -> None:
    post = Post(reports, by_mail(mail))
    worked_off(reports.desk, post.take(replace(BY_MAIL, language="en")), MONDAY)
    assert post.send(MONDAY + HOUR) == 1
    assert MAIL in str(mail.mails[0]["To"])
    assert mail.subject(0) == "News of what you reported"
    assert "Your report 1, “Road broken, or a pothole”: Handed to the unit" in mail.text(0)


@pytest.mark.parametrize(
    "contact",
    [
        Contact(NAME, PHONE, MAIL, wants_news=False),
        Contact(NAME, None, None, wants_news=True),
        replace(BY_MAIL),
    ],
)
def test_nobody_is_told_who_did_not_ask_or_cannot_be_reached(
    reports: Reports, sms: HttpSink, contact: Contact
) -> None:
    post = Post(reports, by_sms(sms))
    worked_off(reports.desk, post.take(contact), MONDAY)
    assert post.counts() == {}


def test_without_a_way_nothing_is_put_in(reports: Reports) -> None:
    post = Post(reports, NewsSettings())
    worked_off(reports.desk, post.take(BY_PHONE), MONDAY)
    assert post.counts() == {}


def test_at_night_it_waits_for_the_morning(reports: Reports, sms: HttpSink) -> None:
    post = Post(reports, by_sms(sms))
    case = post.take(BY_PHONE)
    reports.desk.act(case, "file", OPERATOR, local("2026-06-22 21:30"))
    assert post.send(local("2026-06-22 23:00")) == 0
    assert post.send(local("2026-06-23 08:00")) == 1


def test_everybody_in_the_case_is_told_and_who_reads_the_outbox_learns_nobody(
    reports: Reports, sms: HttpSink
) -> None:
    post = Post(reports, by_sms(sms))
    case = post.take(BY_PHONE)
    assert post.take(replace(BY_PHONE, phone="13987654321")) == case
    reports.desk.act(case, "void", DISPATCHER, MONDAY + HOUR, Given(reason="重复"))
    with database.reading(reports.engine) as connection:
        rows = str(connection.execute(text("SELECT * FROM outbox")).all())
    for personal in (PHONE, NAME, "13987654321"):
        assert personal not in rows
    assert post.send(MONDAY + 2 * HOUR) == 2
    assert {one.json["to"] for one in sms.requests} == {PHONE, "13987654321"}


def test_who_was_forgotten_is_told_nothing(reports: Reports, sms: HttpSink) -> None:
    post = Post(reports, by_sms(sms))
    case = post.take(BY_PHONE)
    reports.desk.act(case, "file", OPERATOR, MONDAY + 1)
    aftercare.forget(reports, 1, MONDAY + 2)
    assert post.send(MONDAY + HOUR) == 1
    assert (sms.requests, post.counts()) == ([], {"given_up": 1})


def test_a_log_does_not_say_who_could_not_be_reached(
    reports: Reports, mail: MailSink, caplog: pytest.LogCaptureFixture
) -> None:
    settings = NewsSettings(mail=SecretStr("mailto://127.0.0.1:9?from=city@example.cn"))
    post = Post(reports, settings)
    reports.desk.act(post.take(BY_MAIL), "file", OPERATOR, MONDAY + 1)
    with caplog.at_level(logging.DEBUG):
        post.send(MONDAY + HOUR)
        post.send(MONDAY + 2 * HOUR)
    assert post.counts() == {"given_up": 1}
    said = "\n".join(record.getMessage() for record in caplog.records)
    assert "report:1" in said
    assert MAIL not in said
    with database.reading(reports.engine) as connection:
        assert MAIL not in str(connection.execute(text("SELECT * FROM outbox")).all())


@pytest.mark.parametrize(
    "wrong",
    [
        {"mail": "https://example.cn"},
        {"sms": {"url": "example.cn", "secret": SECRET}},
        {"sms": {"url": "https://example.cn", "secret": "short"}},
        {"quiet": ["21:00", "25:00"]},
        {"fax": "1"},
    ],
)
def test_settings_that_are_wrong_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        NewsSettings.model_validate(wrong)
    assert SECRET not in str(caught.value)
