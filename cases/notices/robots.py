"""The robots of group chats: WeCom (企业微信), DingTalk (钉钉) and Feishu (飞书).

All three answer 200 to a message that they refuse, a robot that sends too often included, and say
so in the answer's body. So the body is read: a message is sent when they say it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from cases.notices.message import Message
from cases.notices.post import address, post
from facility.errors import Retryable


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of robot: how many bytes of text it takes, how it wants them, and what it says of it.

    ``payload`` makes the body of a text; ``code`` is the answer's member that is 0 when it is sent.
    """

    longest: int
    payload: Callable[[str], dict[str, Any]]
    code: str


SORTS: dict[str, Sort] = {
    "wecombot": Sort(2048, lambda text: {"msgtype": "text", "text": {"content": text}}, "errcode"),
    "dingtalk": Sort(
        20_000, lambda text: {"msgtype": "text", "text": {"content": text}}, "errcode"
    ),
    "feishu": Sort(20_000, lambda text: {"msg_type": "text", "content": {"text": text}}, "code"),
}
"""By the scheme of their addresses. 2048 is WeCom's documented limit, the others take more."""


@dataclass(frozen=True, slots=True)
class Robot:
    """One robot; ``where`` answers its address of the moment, which for DingTalk is signed."""

    sort: Sort
    where: Callable[[], str] = field(repr=False)

    @property
    def host(self) -> tuple[str, int]:
        return address(self.where())

    def send(self, message: Message) -> None:
        text = message.text(self.sort.longest - len(message.title.encode()) - 1)
        body = msgspec.json.encode(self.sort.payload(f"{message.title}\n{text}"))
        _check(self.sort, self.host[0], post(self.where(), body, {}))


def through(gateways: Mapping[str, str], url: str) -> str:
    """The address with the gateway in place of its host, where there is one for it."""
    parts = urlsplit(url)
    gateway = gateways.get(parts.hostname or "")
    if gateway is None:
        return url
    to = urlsplit(gateway)
    path = to.path.rstrip("/") + parts.path
    return urlunsplit((to.scheme, to.netloc, path, parts.query, ""))


def _check(sort: Sort, host: str, answered: bytes) -> None:
    """Retryable where the robot did not take the message: most often it was told too much at once.

    Which of its codes would pass and which would not no maker's list says for certain.
    """
    try:
        said = msgspec.json.decode(answered, type=dict[str, Any])
    except msgspec.MsgspecError:
        raise Retryable(f"{host} answered with something that is no JSON object") from None
    code = said.get(sort.code, 0)
    if code != 0:
        raise Retryable(f"{host} refused the message with {sort.code} {code!r:.40}")
