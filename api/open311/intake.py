"""POST requests of GeoReport v2: a form's fields as a report, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from api.open311.represent import ATTRIBUTE
from cases.actions import WrongField
from cases.residents.reported import CHANNELS, Channel, Contact, Language, Told

_ATTRIBUTE = re.compile(r"attribute\[([^\]]*)\](\[\])?")

_NAMES = {
    "service": "service_code",
    "lon": "long",
    "address": "address_string",
    "asset": "address_id",
    "chosen": f"attribute[{ATTRIBUTE}]",
    "mail": "email",
    "name": "first_name, last_name",
    "account": "account_id",
}
"""Our fields as the standard calls them, where that is otherwise."""


def told(fields: Mapping[str, str], key_name: str, language: Language) -> Told:
    """The report of a form. WrongField where a number is none, or an attribute is unknown.

    The channel is the name of the key where it is one of the channels': so 随手拍 and 郑好拍 are
    told apart from other clients.
    """
    attributes = {}
    for name, value in fields.items():
        if name.startswith("attribute"):
            match = _ATTRIBUTE.fullmatch(name)
            if match is None or match[1] != ATTRIBUTE:
                raise WrongField(name, "没有这个属性", "there is no such attribute")
            attributes[match[1]] = value
    person = " ".join(one for one in (fields.get("first_name"), fields.get("last_name")) if one)
    channels: dict[str, Channel] = {one: one for one in CHANNELS}
    return Told(
        service=fields.get("service_code", ""),
        channel=channels.get(key_name, "open311"),
        description=fields.get("description", ""),
        lon=_number(fields, "long"),
        lat=_number(fields, "lat"),
        address=fields.get("address_string"),
        asset=fields.get("address_id"),
        chosen=attributes.get(ATTRIBUTE),
        media_url=fields.get("media_url"),
        contact=Contact(
            name=person or None,
            phone=fields.get("phone"),
            mail=fields.get("email"),
            device_id=fields.get("device_id"),
            account=fields.get("account_id"),
            language=language,
            wants_news="email" in fields,
        ),
    )


def described(error: WrongField) -> str:
    """What is wrong, by the standard's name of the field."""
    return f"{_NAMES.get(error.field, error.field)}: {error.en} ({error.zh})"


def _number(fields: Mapping[str, str], name: str) -> float | None:
    text = fields.get(name)
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise WrongField(name, "不是数字", f"is no number: {text[:40]!r}") from None
