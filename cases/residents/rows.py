"""Reports, contacts and photos as rows, and back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import RowMapping

from cases.residents.photos import Photo
from cases.residents.reported import Contact, Report
from cases.residents.tokens import digest


@dataclass(frozen=True, slots=True)
class KeptPhoto:
    """A photo of a report, or of what was done about a case; its bytes are a file."""

    id: str
    report: int | None
    case: str | None
    added_at: int
    added_by: str
    width: int
    height: int


def report_row(report: Report, token: str) -> dict[str, Any]:
    """The row of ``reports``."""
    row = asdict(report)
    row["case_id"] = row.pop("case")
    return {**row, "token_digest": digest(token)}


def report_of(row: RowMapping) -> Report:
    """A report, of a row of ``reports``."""
    values = dict(row)
    del values["token_digest"]
    return Report(case=values.pop("case_id"), **values)


def contact_row(report_id: int, contact: Contact) -> dict[str, Any]:
    """The row of ``report_contacts``."""
    return {"report_id": report_id, **asdict(contact)}


def contact_of(row: RowMapping) -> Contact:
    """A contact, of a row of ``report_contacts``."""
    values = dict(row)
    del values["report_id"]
    return Contact(**values)


def photo_row(
    photo: Photo, at: int, by: str, report: int | None = None, case: str | None = None
) -> dict[str, Any]:
    """The row of ``photos``."""
    return {
        "id": photo.id,
        "report_id": report,
        "case_id": case,
        "added_at": at,
        "added_by": by,
        "width": photo.width,
        "height": photo.height,
    }


def photo_of(row: RowMapping) -> KeptPhoto:
    """A photo, of a row of ``photos``."""
    values = dict(row)
    return KeptPhoto(report=values.pop("report_id"), case=values.pop("case_id"), **values)
