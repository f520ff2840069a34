"""The ways out: of each contact the channel that reaches it. The one module that knows apprise.

Apprise knows the forms of the addresses (docs/notifications.md) and sends what is not a robot or a
signed webhook: mail, and whatever else it can. Addresses are the operator's own files'.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from pydantic import BaseModel, Field

from cases.notices.contacts import Contact
from cases.notices.message import Channel, Message
from cases.notices.robots import SORTS, Robot, through
from cases.notices.webhook import Webhook, key_of
from facility.clock import SystemClock
from facility.errors import Retryable, UsageError

_LONGEST = 20_000
"""Bytes of a mail, or whatever else apprise sends."""


class NotifySettings(BaseModel, extra="forbid"):
    """How messages go out.

    ``window_s``: notices to one contact wait so long for others, to go as one message; urgent ones
    do not. A message that fails is tried ``attempts`` times, after ``retry_s``, then twice that and
    so on up to ``retry_max_s``. ``gateways`` maps a robot's host to the address of a gateway in its
    place. With ``dry_run`` nothing is sent: it is logged what would be.
    """

    dry_run: bool = False
    window_s: float = Field(default=60, ge=0, le=3_600)
    attempts: int = Field(default=24, ge=1, le=1_000)
    retry_s: float = Field(default=30, gt=0, le=3_600)
    retry_max_s: float = Field(default=900, gt=0, le=86_400)
    keep_days: int = Field(default=90, ge=1)
    gateways: dict[str, str] = {}


def channel(contact: Contact, gateways: Mapping[str, str]) -> Channel:
    """The way to a contact. UsageError, without the address, where it is none."""
    if contact.secret is not None:
        key_of(contact.secret)
        return Webhook(contact.url, contact.secret, SystemClock())
    apprise = _apprise()
    plugin = apprise.Apprise.instantiate(contact.url, suppress_exceptions=True)
    if plugin is None:
        raise UsageError(
            f"`contacts.{contact.name}` is no address that can be sent to; "
            "docs/notifications.md has the forms"
        )
    match contact.url.partition(":")[0].lower():
        case "wecombot":
            known = plugin.notify_url.format(key=plugin.key)
            return Robot(SORTS["wecombot"], lambda: through(gateways, known))
        case "dingtalk":
            return Robot(SORTS["dingtalk"], lambda: through(gateways, _dingtalk(plugin)))
        case "feishu":
            known = plugin.notify_url.format(token=plugin.token).rstrip("/")
            return Robot(SORTS["feishu"], lambda: through(gateways, known))
    # Each message goes to one contact once a window: there is nothing to slow down.
    plugin.request_rate_per_sec = 0
    plugin.notify_format = apprise.NotifyFormat.TEXT
    return _Apprise(plugin)


def _dingtalk(plugin: Any) -> str:
    url: str = plugin.notify_url.format(token=plugin.token)
    if plugin.secret:
        timestamp, signature = plugin.get_signature()
        url += f"&timestamp={timestamp}&sign={signature}"
    return url


@dataclass(frozen=True, slots=True)
class _Apprise:
    """Whatever else apprise can send by."""

    plugin: Any = field(repr=False)

    @property
    def host(self) -> tuple[str, int] | None:
        smtp = getattr(self.plugin, "smtp_host", None)
        host = smtp or getattr(self.plugin, "host", None)
        if not host:
            return None
        secure = getattr(self.plugin, "secure", False)
        return host, self.plugin.port or (443 if secure else 80)

    def send(self, message: Message) -> None:
        apprise = _apprise()
        with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as said:
            sent = self.plugin.notify(body=message.text(_LONGEST), title=message.title)
            words = said.getvalue()
        if not sent:
            raise Retryable(_without_secrets(words) or "apprise could not send it")


def _without_secrets(words: str) -> str:
    """The last line that apprise said, without anything that looks like an address."""
    lines = [line for line in words.splitlines() if line.strip()]
    return re.sub(r"\S+://\S+", "…", lines[-1])[:200] if lines else ""


def _apprise() -> ModuleType:
    # Here, not above: it takes seconds to load, and only who sends should wait for it.
    import apprise

    # What it says of a wrong address has the address in it. Why a message could not be sent is
    # captured as it is sent.
    said = logging.getLogger("apprise")
    said.propagate = False
    said.setLevel(logging.CRITICAL + 1)
    return apprise
