"""What the page of a report is found by: made of its number with a secret, so that it can be made
again for a message to its resident. The database keeps a digest alone (docs/decisions)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cases.residents.reported import Report

_BYTES = 16
_PURPOSE = b"residents' pages"


class Tokens:
    """The tokens of one place. ``secret`` is the data directory's (api/signing_key.py)."""

    def __init__(self, secret: bytes) -> None:
        # A key of their own: nothing that is signed for a session is ever a token.
        self._key = hmac.digest(secret, _PURPOSE, "sha256")

    @classmethod
    def passing(cls) -> Tokens:
        """Tokens that nobody can make again once this process has ended."""
        return cls(secrets.token_bytes(32))

    def of(self, report: Report) -> str:
        """The token of a report: 128 bits that nobody can guess without the secret."""
        said = f"{report.id}|{report.received_at}".encode()
        made = hmac.digest(self._key, said, "sha256")[:_BYTES]
        return base64.urlsafe_b64encode(made).decode().rstrip("=")

    def again(self, report: Report, kept: str) -> str | None:
        """The token of a report, of which the digest ``kept`` is known; None where another secret
        made it, or chance did, as once."""
        token = self.of(report)
        return token if hmac.compare_digest(digest(token), kept) else None


def digest(token: str) -> str:
    """What of a token is kept. Nobody can guess a token, so a plain digest gives nothing away."""
    return hashlib.sha256(token.encode()).hexdigest()


def report_path(token: str) -> str:
    """Where the page of a report is."""
    return f"/r/{token}"
