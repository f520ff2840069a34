"""A signed webhook, as Standard Webhooks (standardwebhooks.com) has it.

The signed text is ``ID.TIMESTAMP.BODY``, so that an old message cannot be sent again as a new one.
``webhook-id`` is the same however often a message is tried: the other side takes one id once.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass, field

import msgspec

from cases.notices.message import Message
from cases.notices.post import address, post
from facility.clock import SECOND, Clock
from facility.errors import UsageError

_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Posts messages as JSON to ``url``; ``wall`` is the real time, which the signature holds."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    wall: Clock

    @property
    def host(self) -> tuple[str, int]:
        return address(self.url)

    def send(self, message: Message) -> None:
        body = msgspec.json.encode({"id": message.id, "notices": message.facts})
        post(self.url, body, signed(self.secret, message.id, self.wall, body))


def signed(secret: str, message_id: str, wall: Clock, body: bytes) -> dict[str, str]:
    """The headers of a signed body."""
    timestamp = wall.now_ms() // SECOND
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secret, message_id, timestamp, body),
        "Idempotency-Key": message_id,
    }


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of ``webhook-signature``; ``timestamp`` is in seconds."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.digest(key_of(secret), signed, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


def key_of(secret: str) -> bytes:
    """The key: what follows ``whsec_`` is base64, any other text is the key itself.

    UsageError where it is no base64.
    """
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise UsageError(f"what follows {_PREFIX} in a webhook's secret must be base64") from None
