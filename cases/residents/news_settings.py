"""How residents are told how their report goes on, where a place can."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr, StringConstraints, field_validator

from cases.notices.contacts import SHORTEST_SECRET, Quiet
from facility.clock import HOUR, MINUTE

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class SmsGateway(BaseModel, extra="forbid"):
    """A gateway for text messages: it is sent a signed ``{"id", "to", "text"}``."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]
    secret: Annotated[SecretStr, Field(min_length=SHORTEST_SECRET)]


class NewsSettings(BaseModel, extra="forbid"):
    """The ways to residents who want news; without any the page alone tells.

    ``mail`` is a mail address of apprise without its ``to``. In the hours ``quiet`` nothing goes.
    """

    mail: SecretStr | None = None
    sms: SmsGateway | None = None
    quiet: tuple[str, str] | None = ("21:00", "08:00")

    @field_validator("mail")
    @classmethod
    def _of_mail(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not re.match(r"mailtos?://", url.get_secret_value()):
            raise ValueError("write it as mailtos://USER:PASSWORD@HOST?from=…")
        return url

    @field_validator("quiet")
    @classmethod
    def _of_times(cls, quiet: tuple[str, str] | None) -> tuple[str, str] | None:
        if quiet is not None and not all(_TIME.fullmatch(one) for one in quiet):
            raise ValueError("write two times, like 21:00 and 08:00")
        return quiet

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways that there are, the one to prefer first."""
        return tuple(name for name in ("mail", "sms") if getattr(self, name) is not None)

    @property
    def hours(self) -> Quiet | None:
        """The hours of quiet."""
        if self.quiet is None:
            return None
        begin, end = (_after_midnight(one) for one in self.quiet)
        return Quiet(begin, end)


def _after_midnight(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * HOUR + int(minutes) * MINUTE
