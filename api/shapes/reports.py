"""What the API takes and answers of residents' reports. Tests hold every answer to it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.represent import time_or_none
from api.shapes.shape import Shape, Time, Words
from cases.filing.services import Service
from cases.residents.reported import Channel, Contact, Language, Report, Told
from cases.residents.rows import KeptPhoto
from facility.clock import to_rfc3339

Short = Annotated[str, Field(max_length=500)]


class PublicBody(BaseModel):
    """A report, of a JSON object or a form; a form may have up to three photos, `photo`."""

    # A form's numbers are texts, so they are read as such.
    model_config = ConfigDict(extra="forbid")

    service: Annotated[str, Field(max_length=64, description="a code of `services`")]
    description: Annotated[str, Field(max_length=4_000)] = ""
    lon: Annotated[float | None, Field(description="WGS 84, degrees")] = None
    lat: float | None = None
    address: Short | None = None
    asset: Annotated[Short | None, Field(description="the id of a facility, as on its plate")] = (
        None
    )
    chosen: Annotated[
        Short | None, Field(description="one of the service's `choices`, where it has any")
    ] = None
    name: Short | None = None
    phone: Short | None = None
    mail: Short | None = None
    language: Language = "zh"
    wants_news: Annotated[bool, Field(description="tell me how it goes on")] = False

    def told(self, channel: Channel, **more: Any) -> Told:
        """The report of these fields."""
        contact = Contact(
            name=self.name,
            phone=self.phone,
            mail=self.mail,
            language=self.language,
            wants_news=self.wants_news,
        )
        return Told(
            service=self.service,
            channel=channel,
            description=self.description,
            lon=self.lon,
            lat=self.lat,
            address=self.address,
            asset=self.asset,
            chosen=self.chosen,
            contact=contact,
            **more,
        )


class StaffBody(PublicBody):
    """A report that somebody of the staff takes down: by which channel it came is said too."""

    channel: Channel = "hotline"


class ServiceChoice(Shape):
    code: str
    name: Words


class OfferedService(Shape):
    code: str
    name: Words
    heading: Words
    condition: Words
    ask: Words | None
    choices: list[ServiceChoice]


class ServiceList(Shape):
    items: list[OfferedService]


class TakenReport(Shape):
    id: int
    token: str
    url: str
    case: str
    joined: bool
    deadline: Time | None


class Photo(Shape):
    id: str
    added_at: Time
    width: int
    height: int


class PhotoList(Shape):
    items: list[Photo]


class ShownReport(Shape):
    id: int
    service: str
    name: Words
    code: str
    condition: str
    description: str
    lon: float | None
    lat: float | None
    address: str | None
    asset: str | None
    cell: str | None
    channel: Channel
    media_url: str | None
    received_at: Time
    case: str
    photos: list[Photo]
    satisfaction: int | None
    rated_at: Time | None
    not_fixed: int
    not_fixed_at: Time | None
    forgotten_at: Time | None


class ReportPage(Shape):
    items: list[ShownReport]
    next: str | None


class ReportContact(Shape):
    name: str | None
    phone: str | None
    mail: str | None
    device_id: str | None
    account: str | None
    language: Language
    wants_news: bool


class ReportWithContact(ShownReport):
    """`contact` is null where nothing is known of the person, or not any more, or the caller is a
    handler, who has no need to know."""

    contact: ReportContact | None


def service_json(service: Service) -> dict[str, Any]:
    """OfferedService."""
    choice = service.choice
    rows = choice.rows if choice else ()
    return {
        "code": service.code,
        "name": service.name,
        "heading": service.heading,
        "condition": service.row.condition.when,
        "ask": choice.ask if choice else None,
        "choices": [{"code": row.code.code, "name": row.code.name} for row in rows],
    }


def photo_json(photo: KeptPhoto) -> dict[str, Any]:
    """Photo."""
    return {
        "id": photo.id,
        "added_at": to_rfc3339(photo.added_at),
        "width": photo.width,
        "height": photo.height,
    }


def report_json(
    report: Report, service: Service | None, photos: tuple[KeptPhoto, ...]
) -> dict[str, Any]:
    """REPORT; a service that is not offered any more is called by its code."""
    name = service.name if service else {"zh": report.service, "en": report.service}
    return {
        "id": report.id,
        "service": report.service,
        "name": name,
        "code": report.code,
        "condition": report.condition,
        "description": report.description,
        "lon": report.lon,
        "lat": report.lat,
        "address": report.address,
        "asset": report.asset,
        "cell": report.cell,
        "channel": report.channel,
        "media_url": report.media_url,
        "received_at": to_rfc3339(report.received_at),
        "case": report.case,
        "photos": [photo_json(photo) for photo in photos],
        "satisfaction": report.satisfaction,
        "rated_at": time_or_none(report.rated_at),
        "not_fixed": report.not_fixed,
        "not_fixed_at": time_or_none(report.not_fixed_at),
        "forgotten_at": time_or_none(report.forgotten_at),
    }
