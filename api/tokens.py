"""Signed tokens of sessions (JWT, HS256). Time is an argument; seconds since 1970 UTC."""

from __future__ import annotations

from dataclasses import dataclass

import jwt
from jwt.types import Options

LIFE_S = 30 * 60
"""How long a token counts. A session in use is given a new one when half of it is over."""

SHIFT_S = 12 * 3600
"""How long a session can be prolonged so, from its sign-in on: a long shift."""

_ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class Session:
    """What a token says: whose it is, of which generation, since when, and until when."""

    name: str
    generation: int
    began_s: int
    ends_s: int

    @classmethod
    def begun(cls, name: str, generation: int, now_s: int) -> Session:
        """A new one."""
        return cls(name, generation, now_s, now_s + LIFE_S)

    def prolonged(self, now_s: int) -> Session | None:
        """The session for longer, where half of its token's life is over and the shift is not."""
        if self.ends_s - now_s > LIFE_S // 2:
            return None
        ends_s = min(now_s + LIFE_S, self.began_s + SHIFT_S)
        if ends_s <= self.ends_s:
            return None
        return Session(self.name, self.generation, self.began_s, ends_s)


def write(session: Session, key: bytes) -> str:
    """The session's token."""
    claims = {
        "sub": session.name,
        "gen": session.generation,
        "iat": session.began_s,
        "exp": session.ends_s,
    }
    return jwt.encode(claims, key, _ALGORITHM)


def read(token: str, key: bytes, now_s: int) -> Session | None:
    """The session of a token that this key signed and whose time is not over; else None."""
    unchecked: Options = {
        "verify_exp": False,
        "verify_iat": False,
        "require": ["sub", "gen", "iat", "exp"],
    }
    try:
        # jwt holds times against the machine's clock; ours is the caller's.
        claims = jwt.decode(token, key, [_ALGORITHM], options=unchecked)
    except jwt.InvalidTokenError:
        return None
    session = Session(claims["sub"], claims["gen"], claims["iat"], claims["exp"])
    return session if now_s < session.ends_s else None
