"""Passwords: what one must be, made at random, and kept only as an argon2 hash."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from pwdlib import PasswordHash

from facility.errors import Retryable, UsageError

SHORTEST, LONGEST = 10, 200

_ARGON2 = PasswordHash.recommended()

# One hash takes 64 MiB and a tenth of a second on purpose: more than a few at once would hand that
# cost to whoever asks.
_AT_ONCE = threading.BoundedSemaphore(2)
_PATIENCE_S = 10.0

_UNAMBIGUOUS = "abcdefghijkmnpqrstuvwxyz23456789"


def make_password() -> str:
    """A random one of 80 bits, in groups that a person can read out: ``k7mp-2hxa-…``."""
    letters = [secrets.choice(_UNAMBIGUOUS) for _ in range(16)]
    return "-".join("".join(letters[n : n + 4]) for n in range(0, 16, 4))


def check_password(password: str, name: str) -> None:
    """UsageError where it will not do as the password of ``name``."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(
            f"a password has {SHORTEST} to {LONGEST} characters, this one has {len(password)}"
        )
    if name.casefold() in password.casefold() and len(password) < len(name) + SHORTEST:
        raise UsageError("a password must not be little more than the name")
    if len(set(password)) < 5:
        raise UsageError("a password needs at least 5 different characters")


def hashed(password: str) -> str:
    """The argon2id hash, with its salt and its costs in it."""
    with _turn():
        return _ARGON2.hash(_normal(password))


def fits(password: str, hash_: str | None) -> bool:
    """Whether it is the password of this hash. Takes as long where there is no hash to hold it to.

    Raises Retryable where too many ask at once.
    """
    if len(password) > LONGEST:
        return False
    with _turn():
        if hash_ is None:
            _ARGON2.hash(_normal(password))
            return False
        return _ARGON2.verify(_normal(password), hash_)


def _normal(password: str) -> str:
    """The same characters however the keyboard composed them."""
    return unicodedata.normalize("NFKC", password)


@contextmanager
def _turn() -> Iterator[None]:
    if not _AT_ONCE.acquire(timeout=_PATIENCE_S):
        raise Retryable("too many sign-ins at once; try again")
    try:
        yield
    finally:
        _AT_ONCE.release()
