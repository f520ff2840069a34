"""Residents' reports: taken in with the case they are of, found again, and followed to their end.

A report and its case are kept in one transaction. A token, which the resident alone is told, finds
the report again. What is known of the person is a row of its own (cases/residents/reported.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select

from cases import database
from cases.actions import WrongField
from cases.case import Case
from cases.desk import Desk, NoSuchCase
from cases.filing.services import Service, row_of, services
from cases.filing.standard import Edition
from cases.residents import listing
from cases.residents.case_of_report import case_near, hand_over
from cases.residents.listing import Page, ReportFilter
from cases.residents.nearness import Spot
from cases.residents.photos import Photo, PhotoFiles
from cases.residents.reported import Contact, Report, Told, checked
from cases.residents.rows import (
    KeptPhoto,
    contact_of,
    contact_row,
    photo_of,
    photo_row,
    report_of,
    report_row,
)
from cases.residents.settings import ReportSettings
from cases.residents.tokens import Tokens, digest
from cases.schema import photos, report_contacts, reports
from cases.turn import cases_of
from facility.assets import Asset
from facility.errors import Permanent
from facility.inventory import Inventory

_SOME = 500


class NoSuchReport(Permanent):
    """There is no report of that id, or of that token."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A report that was taken in; its token is told only here. ``joined``: its case was there."""

    report: Report
    token: str
    case: Case
    joined: bool


class Reports:
    """The reports of one case database, beside the desk on it, whose standard they are filed by.

    Methods raise Retryable while the database is away.
    """

    def __init__(
        self,
        url: str,
        desk: Desk,
        inventory: Callable[[], Inventory],
        files: PhotoFiles,
        settings: ReportSettings | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        self.desk = desk
        self.files = files
        self.engine: Engine = database.connect(url)
        self._inventory = inventory
        self.settings = settings or ReportSettings()
        self._tokens = tokens or Tokens.passing()

    def close(self) -> None:
        """Lets go of the database."""
        self.engine.dispose()

    def services(self, now: int) -> dict[str, Service]:
        """What may be reported at ``now`` (ms), by its code; nothing before the first edition."""
        edition = self._edition(now)
        return services(edition) if edition else {}

    def changeset(self, now: int) -> str:
        """Since which day the services are those that they are at ``now``; empty before any."""
        edition = self._edition(now)
        return edition.version if edition else ""

    def take(self, told: Told, now: int, author: str = "resident") -> Taken:
        """Keeps a report at ``now`` (ms), with the case that it joins or opens.

        ``author`` is who put it in. WrongField names what is wrong; then nothing is kept.
        """
        told = checked(told)
        report = self._made(told, now)

        def write(connection: Connection, report: Report) -> None:
            row = report_row(report, self._tokens.of(report))
            connection.execute(insert(reports).values(row))
            if told.contact.is_somebody:
                contact = contact_row(report.id, told.contact)
                connection.execute(insert(report_contacts).values(contact))
            _keep_photos(connection, told.photos, now, author, report=report.id)

        with self._kept_files(told.photos), database.writing(self.engine) as connection:
            last = connection.scalar(select(func.max(reports.c.id))) or 0
            report = replace(report, id=last + 1)
            into = self.case_near(connection, report, now)
            case = hand_over(connection, self.desk, report, into, now, write, author)
        token = self._tokens.of(report)
        return Taken(replace(report, case=case.id), token, case, into is not None)

    def get(self, report_id: int) -> Report:
        """NoSuchReport where there is none."""
        with database.reading(self.engine) as connection:
            return report_in(connection, reports.c.id == report_id)

    def by_token(self, token: str) -> Report:
        """NoSuchReport where no report has it."""
        with database.reading(self.engine) as connection:
            return report_in(connection, reports.c.token_digest == digest(token))

    def listing(
        self,
        filters: ReportFilter,
        limit: int,
        cursor: str | None = None,
        sort: listing.Sort = "received_at",
    ) -> Page:
        """A page of reports in the order ``sort``. UsageError where ``cursor`` is none of its."""
        with database.reading(self.engine) as connection:
            rows = connection.execute(listing.query(filters, limit, cursor, sort)).mappings()
            return listing.page([report_of(row) for row in rows], limit, sort)

    def contact(self, report_id: int) -> Contact | None:
        """Who made a report; None where nothing is known of them, or not any more."""
        query = select(report_contacts).where(report_contacts.c.report_id == report_id)
        with database.reading(self.engine) as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else contact_of(row)

    def photo(self, photo_id: str) -> KeptPhoto | None:
        """What is known of a photo; None where there is none."""
        return next(iter(self._photos(photos.c.id == photo_id)), None)

    def photos_of(self, report_ids: Iterable[int]) -> dict[int, tuple[KeptPhoto, ...]]:
        """The photos that came with reports, by the report; those without any are left out."""
        found: dict[int, tuple[KeptPhoto, ...]] = {}
        for photo in self._photos(photos.c.report_id.in_(list(report_ids))):
            if photo.report is not None:
                found[photo.report] = (*found.get(photo.report, ()), photo)
        return found

    def photos_of_case(self, case_id: str) -> tuple[KeptPhoto, ...]:
        """The photos of what was done about a case."""
        return self._photos(photos.c.case_id == case_id)

    def add_photos(self, case_id: str, added: Sequence[Photo], now: int, by: str) -> None:
        """Adds photos of what was done about a case. NoSuchCase."""
        with self._kept_files(added), database.writing(self.engine) as connection:
            if case_id not in cases_of(connection, {case_id}):
                raise NoSuchCase(f"no case {case_id!r}")
            _keep_photos(connection, added, now, by, case=case_id)

    def sweep_photos(self, since_s: float, until_s: float) -> int:
        """Deletes the photos written in [since, until), Unix seconds, that no row names: a crash
        came between the two. How many."""
        written = sorted(self.files.written(since_s, until_s))
        left = set(written)
        with database.reading(self.engine) as connection:
            for first in range(0, len(written), _SOME):
                some = written[first : first + _SOME]
                left.difference_update(
                    connection.scalars(select(photos.c.id).where(photos.c.id.in_(some)))
                )
        for photo_id in left:
            self.files.drop(photo_id)
        return len(left)

    def case_near(
        self, connection: Connection, report: Report, now: int, *, sensed: bool = False
    ) -> Case | None:
        """The open case that a report is of; None where there is none, or it has no place.

        ``sensed``: of those that sensors opened alone.
        """
        edition = self._edition(now)
        row = edition.row(report.code, report.condition) if edition else None
        if row is None or report.lon is None or report.lat is None:
            return None
        inventory = self._inventory()
        asset = inventory.assets.get(report.asset) if report.asset else None
        spot = Spot(report.lon, report.lat, asset)
        near = self.settings.near
        return case_near(connection, row, spot, inventory, near, sensed=sensed)

    def _photos(self, which: Any) -> tuple[KeptPhoto, ...]:
        query = select(photos).where(which).order_by(photos.c.added_at, photos.c.id)
        with database.reading(self.engine) as connection:
            return tuple(photo_of(row) for row in connection.execute(query).mappings())

    def _edition(self, now: int) -> Edition | None:
        filing = self.desk.filing
        return filing.standard.on(filing.calendar.day_of(now)) if filing else None

    def _made(self, told: Told, now: int) -> Report:
        """The report, without a number and a case yet."""
        edition = self._edition(now)
        service = services(edition).get(told.service) if edition else None
        if edition is None or service is None:
            raise WrongField("service", "没有这个事项", f"there is no service {told.service!r}")
        asset = None
        if told.asset is not None:
            asset = self._inventory().assets.get(told.asset)
            if asset is None:
                raise WrongField("asset", "没有这个编号的设施", f"no asset {told.asset!r} here")
        try:
            row = row_of(service, told.chosen, asset)
        except ValueError as error:
            raise WrongField("chosen", "不是可选的类别", str(error)) from None

        lon, lat, cell = self._place(told, asset)
        return Report(
            id=0,
            service=told.service,
            standard=edition.id,
            version=edition.version,
            code=row.code.code,
            condition=row.condition.key,
            description=told.description,
            lon=lon,
            lat=lat,
            address=told.address,
            asset=asset.id if asset else None,
            cell=cell,
            channel=told.channel,
            media_url=told.media_url,
            received_at=now,
            case="",
        )

    def _place(
        self, told: Told, asset: Asset | None
    ) -> tuple[float | None, float | None, str | None]:
        """Longitude, latitude and cell; those of the asset where one was named."""
        if asset is not None:
            return asset.lon, asset.lat, asset.grid
        if told.lon is None or told.lat is None or self.desk.filing is None:
            return told.lon, told.lat, None
        grid = self.desk.filing.grid()
        (cell,) = grid.locate([told.lon], [told.lat])
        if cell is None and len(grid):
            raise WrongField("lon", "位置不在本区范围内", "lies outside of the district, with lat")
        return told.lon, told.lat, cell

    @contextmanager
    def _kept_files(self, added: Sequence[Photo]) -> Iterator[None]:
        """Writes the photos' files first: a row never names a file that is not there."""
        try:
            for photo in added:
                self.files.keep(photo)
            yield
        except BaseException:
            for photo in added:
                self.files.drop(photo.id)
            raise


def report_in(connection: Connection, which: Any) -> Report:
    """The one report of which ``which`` holds. NoSuchReport."""
    row = connection.execute(select(reports).where(which)).mappings().one_or_none()
    if row is None:
        raise NoSuchReport("no such report")
    return report_of(row)


def _keep_photos(
    connection: Connection,
    added: Iterable[Photo],
    at: int,
    by: str,
    report: int | None = None,
    case: str | None = None,
) -> None:
    rows = [photo_row(photo, at, by, report, case) for photo in added]
    if rows:
        connection.execute(insert(photos), rows)
