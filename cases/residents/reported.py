"""What a resident reports, and what of it is kept where.

What the matter is and where is kept with the report. Who told it is kept apart
(:class:`Contact`), seen by those alone who may call them back, and is deleted in time.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeVar, get_args

from cases.actions import WrongField
from cases.residents.photos import Photo
from facility.plain import is_plain

Channel = Literal["hotline", "12319", "ssp", "zhp", "open311", "web"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
"""热线, 12319 online, 随手拍, 郑好拍, an Open311 client, the page."""

Language = Literal["zh", "en"]

DESCRIPTION_MAX = 4_000
"""Characters, as Open311 has it."""

_MOST: dict[str, int] = {
    "service": 64,
    "description": DESCRIPTION_MAX,
    "address": 200,
    "asset": 64,
    "chosen": 16,
    "media_url": 500,
    "name": 64,
    "phone": 32,
    "mail": 200,
    "device_id": 200,
    "account": 200,
}
Given = TypeVar("Given", "Told", "Contact")

_PHONE = re.compile(r"\+?[\d() -]*\d[\d() -]*")
_MAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s.,;<>\"]+")
_URL = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Contact:
    """Who reported it, as far as they said: personal data. ``wants_news`` asks to be told."""

    name: str | None = None
    phone: str | None = None
    mail: str | None = None
    device_id: str | None = None
    account: str | None = None
    language: Language = "zh"
    wants_news: bool = False

    @property
    def is_somebody(self) -> bool:
        """Whether anything is known of them at all."""
        return any((self.name, self.phone, self.mail, self.device_id, self.account))


@dataclass(frozen=True, slots=True)
class Told:
    """A report as it comes in. ``service`` is one of :mod:`cases.filing.services`, ``chosen`` the
    code that was picked beside it. It is somewhere by ``lon`` and ``lat`` (WGS 84), ``asset`` or
    ``address``. ``media_url`` is a client's own link, which is passed on and never opened."""

    service: str
    channel: Channel
    description: str = ""
    lon: float | None = None
    lat: float | None = None
    address: str | None = None
    asset: str | None = None
    chosen: str | None = None
    media_url: str | None = None
    contact: Contact = Contact()
    photos: tuple[Photo, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it is kept. ``code`` and ``condition`` name the row of the edition it is under.

    ``cell`` is the deepest cell of the grid around it. ``satisfaction`` is 1 to 5, ``not_fixed``
    how often it was said that the case was closed and nothing mended. Times are ms;
    ``forgotten_at`` is when what was known of the person was deleted.
    """

    id: int
    service: str
    standard: str
    version: str
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
    received_at: int
    case: str
    satisfaction: int | None = None
    rated_at: int | None = None
    not_fixed: int = 0
    not_fixed_at: int | None = None
    forgotten_at: int | None = None


def checked(told: Told) -> Told:
    """``told`` with its texts trimmed. WrongField names what is missing or wrong."""
    told = _trimmed(told)
    contact = _trimmed(told.contact)
    if contact.phone is not None and not _PHONE.fullmatch(contact.phone):
        raise WrongField("phone", "不是电话号码", "is no phone number")
    if contact.mail is not None and not _MAIL.fullmatch(contact.mail):
        raise WrongField("mail", "不是邮箱地址", "is no mail address")
    if told.media_url is not None and not _URL.fullmatch(told.media_url):
        raise WrongField("media_url", "须以 http:// 或 https:// 开头", "is no http address")
    _check_place(told)
    return replace(told, contact=contact)


def _check_place(told: Told) -> None:
    for name, most in (("lon", 180), ("lat", 90)):
        value = getattr(told, name)
        if value is not None and not (math.isfinite(value) and abs(value) <= most):
            raise WrongField(name, f"须在 ±{most} 度之内", f"is not within ±{most} degrees")
    if (told.lon is None) != (told.lat is None):
        missing = "lon" if told.lon is None else "lat"
        raise WrongField(missing, "经纬度须成对填写", "is missing; give both, or none")
    if told.lon is None and told.asset is None and not told.address:
        raise WrongField(
            "address",
            "请说明在哪里:地址、设施编号或经纬度",
            "say where it is: an address, a facility's number, or lon and lat",
        )


def _trimmed(given: Given) -> Given:
    """Texts without blanks around them, None where nothing is left; too long ones are refused."""
    changed: dict[str, Any] = {}
    for each in fields(given):
        value = getattr(given, each.name)
        most = _MOST.get(each.name)
        if most is None or not isinstance(value, str):
            continue
        value = value.replace("\r\n", "\n").strip()
        if len(value) > most:
            raise WrongField(
                each.name, f"不超过 {most} 字", f"has {len(value)} characters; use up to {most}"
            )
        if not is_plain(value):
            raise WrongField(each.name, "含有控制字符", "has control characters; leave them out")
        changed[each.name] = value if value or each.name == "description" else None
    return replace(given, **changed)
