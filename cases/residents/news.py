"""News for residents who want them: what happens to their report, by mail or text message.

The outbox names the report alone; how its resident is reached, and where its page is, is looked up
as the message is sent. So who was forgotten is told nothing, and no address or number stands
anywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, Engine, RowMapping, select

from cases import database
from cases.case import Case
from cases.events import CaseEvent
from cases.filing.basis import Filing
from cases.notices import outbox
from cases.notices.contacts import Contact, Recipient
from cases.notices.courier import Route
from cases.notices.message import Channel, Message
from cases.notices.notify import channel
from cases.notices.outbox import Entry
from cases.notices.post import address, post
from cases.notices.webhook import signed
from cases.residents.masking import masked
from cases.residents.news_settings import NewsSettings
from cases.residents.plain_words import in_, is_news, news_of
from cases.residents.reported import Language
from cases.residents.rows import contact_of, report_of
from cases.residents.settings import ReportSettings
from cases.residents.tokens import Tokens, report_path
from cases.schema import report_contacts, reports
from facility.clock import SECOND, Clock, SystemClock
from facility.errors import Permanent, Retryable

_OF = "report:"


@dataclass(frozen=True, slots=True)
class News:
    """What is told to residents. :meth:`hook` is the desk's; ``window_s`` is how long news wait
    for others, to go as one message."""

    settings: NewsSettings
    filing: Filing
    window_s: float = 60.0

    def hook(
        self, connection: Connection, _before: Case | None, after: Case, event: CaseEvent
    ) -> None:
        """Puts what an event means for the reports in its case in the outbox."""
        how = event.evidence.get("how")
        if not self.settings.ways or not is_news(event.event) or how == "merged":
            return
        query = (
            select(reports, report_contacts.c.mail, report_contacts.c.phone)
            .join(report_contacts, report_contacts.c.report_id == reports.c.id)
            .where(reports.c.case_id == after.id, report_contacts.c.wants_news)
        )
        entries = []
        for row in connection.execute(query).mappings():
            facts = {"report": row["id"], "event": event.event, "how": how, **self._named(row)}
            # One way is enough, and a mail costs nothing.
            way = next((one for one in self.settings.ways if row[_REACHED_BY[one]]), None)
            if way is not None:
                entries.append(Entry(f"{_OF}{row['id']}", way, after.id, event.at, False, facts))
        outbox.put(connection, entries, int(self.window_s * SECOND))

    def _named(self, row: RowMapping) -> dict[str, Any]:
        names = ("standard", "version", "code", "condition")
        found = self.filing.standard.row(*(row[name] for name in names))
        asked = found.condition.asked if found else None
        service = row["service"]
        return {"zh": asked.zh, "en": asked.en} if asked else {"zh": service, "en": service}


_REACHED_BY = {"mail": "mail", "sms": "phone"}


@dataclass(frozen=True, slots=True)
class Letters:
    """The words of news. ``page`` is the address of the report's page, where it is known; ``days``
    is how long a resident may say that nothing was mended."""

    page: str | None
    days: int

    def message(self, id_: str, facts: Sequence[dict[str, Any]], language: Language) -> Message:
        """A message of what happened to a report."""
        title = ("您反映的问题有新进展", "News of what you reported")
        lines = [self._line(one, language) for one in facts]
        if self.page is not None:
            lines.append(in_((f"查询网页：{self.page}", f"Its page: {self.page}"), language))
        return Message(id_, in_(title, language), tuple(lines), tuple(facts))

    def _line(self, facts: Mapping[str, Any], language: Language) -> str:
        said = in_(news_of(facts["event"], facts.get("how"), self.days), language)
        if language == "zh":
            return f"您反映的“{facts['zh']}”（编号 {facts['report']}）：{said}"
        return f"Your report {facts['report']}, “{facts['en']}”: {said}"


class Residents:
    """The ways to residents, whom no file names. ``tokens`` made those of their reports' pages;
    ``wall`` is the real time, for signatures."""

    def __init__(
        self,
        engine: Engine,
        settings: ReportSettings,
        gateways: Mapping[str, str],
        timezone: ZoneInfo,
        tokens: Tokens,
        wall: Clock | None = None,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._gateways = gateways
        self._timezone = timezone
        self._tokens = tokens
        self._wall = wall or SystemClock()

    def is_quiet(self, recipient: str, now: int) -> bool:
        """Whether residents are left in peace at ``now`` (ms)."""
        quiet = self._settings.news.hours
        return recipient.startswith(_OF) and quiet is not None and quiet.holds(now, self._timezone)

    def route(self, recipient: str, way: str) -> Route | None:
        """How the resident of a report is reached; None where that is not known any more."""
        prefix, _, number = recipient.partition(":")
        if prefix + ":" != _OF or not number.isdecimal():
            return None
        of_whom = select(report_contacts).where(report_contacts.c.report_id == int(number))
        of_what = select(reports).where(reports.c.id == int(number))
        with database.reading(self._engine) as connection:
            row = connection.execute(of_whom).mappings().one_or_none()
            what = connection.execute(of_what).mappings().one()
        if row is None:
            return None
        contact = contact_of(row)
        to = self._channel(way, contact.mail, contact.phone)
        if to is None:
            return None
        letters = Letters(self._page(what), self._settings.not_fixed_days)
        return Route(Recipient(recipient, (), language=contact.language), to, letters)

    def _page(self, row: RowMapping) -> str | None:
        """The address of a report's page; None where it is not known from where it is reached, or
        its token cannot be made again."""
        base = self._settings.public_url
        token = self._tokens.again(report_of(row), row["token_digest"])
        return f"{base.rstrip('/')}{report_path(token)}" if base and token else None

    def _channel(self, way: str, mail: str | None, phone: str | None) -> Channel | None:
        settings = self._settings.news
        if way == "mail" and settings.mail and mail:
            url = settings.mail.get_secret_value()
            to = f"{url}{'&' if '?' in url else '?'}to={quote(mail)}"
            return _Discreet(channel(Contact("mail", to), self._gateways))
        if way == "sms" and settings.sms and phone:
            secret = settings.sms.secret.get_secret_value()
            return _Sms(settings.sms.url, secret, phone, self._wall)
        return None


@dataclass(frozen=True, slots=True)
class _Sms:
    """The city's own gateway for text messages, behind a signed webhook."""

    url: str
    secret: str = field(repr=False)
    phone: str = field(repr=False)
    wall: Clock

    @property
    def host(self) -> tuple[str, int]:
        return address(self.url)

    def send(self, message: Message) -> None:
        body = msgspec.json.encode(
            {"id": message.id, "to": self.phone, "text": "\n".join(message.lines)}
        )
        post(self.url, body, signed(self.secret, message.id, self.wall, body))


@dataclass(frozen=True, slots=True)
class _Discreet:
    """A way whose complaints do not say who could not be reached."""

    way: Channel = field(repr=False)

    @property
    def host(self) -> tuple[str, int] | None:
        return self.way.host

    def send(self, message: Message) -> None:
        try:
            self.way.send(message)
        except Retryable as error:
            raise Retryable(masked(str(error))) from None
        except Permanent as error:
            raise Permanent(masked(str(error))) from None
