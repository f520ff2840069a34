"""Who may come in: passwords, sessions, keys of machines, and sign-ins that work once."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool

from api import tokens
from api.limits import Limit, Limits, network_of
from api.problems import Problem
from api.tokens import SHIFT_S, Session
from cases.people.accounts import Account, Accounts
from cases.people.audit import By
from cases.people.keys import PREFIX, Keys
from cases.people.who import NAME_MAX, Who
from facility.clock import HOUR, SECOND, Clock, SystemClock
from facility.errors import Retryable

PER_NAME = Limit("sign-in by name", 10, 100)
PER_ADDRESS = Limit("sign-in by address", 20, 100)
"""Wrong passwords only: a right one gives back what it took."""

_AT_ONCE = 2
_PATIENCE_S = 10.0
"""As many as hold a password to its hash (cases.people.passwords), and how long others wait."""

ONCE_MS = 12 * HOUR
_MOST_ONCE = 100
_MOST_KNOWN = 1_000

T = TypeVar("T")
P = ParamSpec("P")


class Access:
    """Signs people in and knows who a token or a key belongs to.

    ``clock`` is the machine's own, of a demo too: sessions end by the time that people live in.
    While the case database is away, whoever it let in last is still let in: nobody can be shut
    out there meanwhile either.
    """

    def __init__(
        self,
        accounts: Accounts,
        keys: Keys,
        signing_key: bytes,
        clock: Clock | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.accounts = accounts
        self.keys = keys
        self._signing_key = signing_key
        self._clock = clock or SystemClock()
        self.limits = limits or Limits()
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._account = _LastKnown(accounts.get)
        self._key = _LastKnown(keys.find)
        self._once: OrderedDict[str, tuple[str, int]] = OrderedDict()
        # Names and networks that signed in: where somebody came in from before, what others guess
        # elsewhere does not keep them out.
        self._came_in: OrderedDict[str, None] = OrderedDict()

    def by(self, who: str, address: str) -> By:
        """Who makes a change now."""
        return By(who, self._clock.now_ms(), address)

    async def in_turn(self, call: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """What a call gives that holds a password to its hash. Retryable where too many wait.

        They wait here and on no thread: all other calls need those.
        """
        try:
            await asyncio.wait_for(self._turns.acquire(), _PATIENCE_S)
        except TimeoutError:
            raise Retryable("too many sign-ins at once; try again") from None
        try:
            return await run_in_threadpool(call, *args, **named)
        finally:
            self._turns.release()

    def sign_in(self, name: str, password: str, address: str) -> Session:
        """A new session. Problem 401 where name or password is wrong, 429 where that is too often.

        Each success and each failure is in the audit trail, under the name that was tried.
        """
        account = self.proved(name, password, address)
        if account is None:
            raise Problem(401, "name or password is wrong", "用户名或密码不正确")
        return self._begun(account, address)

    def proved(self, name: str, password: str, address: str) -> Account | None:
        """The account whose name and password these are; None where it is nobody's.

        Problem 429 where that was tried too often.
        """
        # What no account can be called is not looked for, nor written down as it came.
        name = "".join(one if one.isprintable() else "�" for one in name.strip()[:NAME_MAX])
        network = network_of(address)
        by_name = name.casefold()
        own = f"{by_name}\n{network}"
        if own in self._came_in:
            by_name = own
        tried = ((PER_ADDRESS, network), (PER_NAME, by_name))
        for limit, key in tried:
            self.limits.take(limit, key)
        account = self.accounts.with_password(name, password)
        if account is None:
            self.accounts.note(self.by(name, address), "session.refused", name)
            return None
        for limit, key in tried:
            self.limits.give_back(limit, key)
        self._came_in[own] = None
        self._came_in.move_to_end(own)
        while len(self._came_in) > _MOST_KNOWN:
            self._came_in.popitem(last=False)
        return account

    def make_once(self, name: str) -> str:
        """A text that signs this account in one single time, within twelve hours."""
        text = secrets.token_urlsafe(24)
        self._once[_digest(text)] = (name, self._clock.now_ms() + ONCE_MS)
        while len(self._once) > _MOST_ONCE:
            self._once.popitem(last=False)
        return text

    def sign_in_once(self, text: str, address: str) -> Session:
        """A new session for a text of :meth:`make_once`. Problem 401 where it no longer counts."""
        network = network_of(address)
        self.limits.take(PER_ADDRESS, network)
        name, until = self._once.pop(_digest(text), ("", 0))
        account = self.accounts.get(name) if self._clock.now_ms() < until else None
        if account is None or account.disabled:
            self.accounts.note(self.by(name, address), "session.refused", name)
            raise Problem(
                401,
                "this sign-in was used before, or is too old; sign in with name and password",
                "此登录链接已使用或已失效,请用用户名和密码登录",
            )
        self.limits.give_back(PER_ADDRESS, network)
        return self._begun(account, address)

    def token(self, session: Session) -> str:
        """The session's token."""
        return tokens.write(session, self._signing_key)

    def session(self, token: str) -> tuple[Who, Session] | None:
        """Whose session a token is, where it counts now; else None."""
        session = tokens.read(token, self._signing_key, self._now_s())
        account = None if session is None else self._counts(session)
        return None if session is None or account is None else (account.who, session)

    def bearer(self, text: str) -> Who | None:
        """Who a key or a token belongs to, where it counts now; else None."""
        if text.startswith(PREFIX):
            key = self._key(text)
            return None if key is None else key.who
        found = self.session(text)
        return None if found is None else found[0]

    def lasts(self, text: str) -> bool:
        """Whether what let a long request in still would, to the end of its session's shift."""
        if text.startswith(PREFIX):
            return self.bearer(text) is not None
        now_s = self._now_s()
        session = tokens.read(text, self._signing_key, 0)
        if session is None or now_s >= session.began_s + SHIFT_S:
            return False
        return self._counts(session) is not None

    def prolonged(self, session: Session) -> Session | None:
        """The session for longer, where it is time to give it a new token."""
        return session.prolonged(self._now_s())

    def renewed(self, account: Account) -> Session:
        """A session after a change that ended the one before."""
        return Session.begun(account.who.name, account.generation, self._now_s())

    def _counts(self, session: Session) -> Account | None:
        """The session's account, where that still lets it in."""
        account = self._account(session.name)
        if account is None or account.disabled or account.generation != session.generation:
            return None
        return account

    def _begun(self, account: Account, address: str) -> Session:
        name = account.who.name
        self.accounts.note(self.by(name, address), "session.began", name)
        return self.renewed(account)

    def _now_s(self) -> int:
        return self._clock.now_ms() // SECOND


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class _LastKnown(Generic[T]):
    """Asks each time; while the database is away, answers as it did for the same name before."""

    def __init__(self, ask: Callable[[str], T | None]) -> None:
        self._ask = ask
        self._known: OrderedDict[str, T] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, name: str) -> T | None:
        try:
            found = self._ask(name)
        except Retryable:
            with self._lock:
                if name in self._known:
                    return self._known[name]
            raise
        with self._lock:
            self._known.pop(name, None)
            if found is not None:
                self._known[name] = found
            while len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return found
