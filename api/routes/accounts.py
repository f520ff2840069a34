"""Accounts of people, keys of machines, and the audit trail: for an admin."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.caller import Caller
from api.limits import address_of
from api.parameters import Cursor, Limit, Moment, Parameters
from api.parts import FromApp, Parts, answer
from api.people import (
    AuditPage,
    MachineKey,
    MachineKeyPage,
    NewMachineKey,
    NewPassword,
    User,
    UserPage,
    entry_json,
    key_json,
    user_json,
)
from api.problems import BadParameter
from cases.people.accounts import Changes
from cases.people.audit import By, Sought
from cases.people.passwords import LONGEST, make_password
from cases.people.who import NAME_MAX, Role, Who

router = APIRouter(tags=["accounts"])

Name = Annotated[str, Field(min_length=1, max_length=NAME_MAX)]
Unit = Annotated[str | None, Field(max_length=200, description="a handler's own")]
Streets = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=64)]],
    Field(max_length=100, description="grid codes; none means all"),
]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class KeyBody(Body):
    """A machine that is to have a key."""

    name: Name
    role: Role
    unit: Unit = None
    streets: Streets = []

    def who(self) -> Who:
        """Who that is."""
        return Who(self.name, self.role, self.unit, tuple(self.streets))


class UserBody(KeyBody):
    """A person who is to have an account."""

    password: Annotated[str, Field(max_length=LONGEST)]


class ChangeBody(Body):
    """What is to be different of an account; what is not given stays."""

    role: Role | None = None
    unit: Unit = None
    streets: Streets | None = None
    disabled: bool | None = None


class AuditQuery(Parameters):
    who: Annotated[str | None, Field(max_length=NAME_MAX)] = None
    subject: Annotated[str | None, Field(max_length=200, description="or a part of it")] = None
    start: Annotated[Moment | None, Field(alias="from")] = None
    end: Annotated[Moment | None, Field(alias="to")] = None
    limit: Limit = 100
    cursor: Cursor = None


@router.get("/users", response_model=UserPage)
def users(parts: FromApp) -> Response:
    """Every account."""
    return answer({"items": [user_json(account) for account in parts.access.accounts.all()]})


@router.post("/users", response_model=User, status_code=201)
def add_user(request: Request, parts: FromApp, who: Caller, body: UserBody) -> Response:
    """Makes an account; 409 where the name is taken."""
    by = _by(parts, who, request)
    account = parts.access.accounts.add(body.who(), body.password, by)
    return answer(user_json(account), status=201)


@router.patch("/users/{name}", response_model=User)
def change_user(
    request: Request, parts: FromApp, who: Caller, name: str, body: ChangeBody
) -> Response:
    """Changes an account; one that is disabled is shut out at once."""
    changes = Changes()
    given = body.model_fields_set
    if body.role is not None:
        changes["role"] = body.role
    if "unit" in given:
        changes["unit"] = body.unit
    if body.streets is not None:
        changes["streets"] = tuple(body.streets)
    if body.disabled is not None:
        changes["disabled"] = body.disabled
    changed = parts.access.accounts.change(name, changes, _by(parts, who, request))
    return answer(user_json(changed))


@router.post("/users/{name}/password", response_model=NewPassword)
def reset_password(request: Request, parts: FromApp, who: Caller, name: str) -> Response:
    """Gives an account a random password, shown only here, and ends its sessions."""
    password = make_password()
    parts.access.accounts.set_password(name, password, _by(parts, who, request))
    return answer({"name": name, "password": password})


@router.get("/keys", response_model=MachineKeyPage)
def keys(parts: FromApp) -> Response:
    """Every key, those that were revoked too."""
    return answer({"items": [key_json(key) for key in parts.access.keys.all()]})


@router.post("/keys", response_model=NewMachineKey, status_code=201)
def add_key(request: Request, parts: FromApp, who: Caller, body: KeyBody) -> Response:
    """Makes a key for a machine; `key` is shown only here. 409 where the name is taken."""
    key, text = parts.access.keys.add(body.who(), _by(parts, who, request))
    return answer({**key_json(key), "key": text}, status=201)


@router.delete("/keys/{key_id}", response_model=MachineKey)
def revoke_key(request: Request, parts: FromApp, who: Caller, key_id: str) -> Response:
    """Makes a key count no more, at once."""
    return answer(key_json(parts.access.keys.revoke(key_id, _by(parts, who, request))))


@router.get("/audit", response_model=AuditPage)
def audit(parts: FromApp, query: Annotated[AuditQuery, Query()]) -> Response:
    """Who changed what, when, and from where, and who tried to sign in; newest first."""
    before = None
    if query.cursor is not None:
        if not (query.cursor.isascii() and query.cursor.isdigit() and len(query.cursor) < 19):
            raise BadParameter("cursor", "not of this list; start without one")
        before = int(query.cursor)
    sought = Sought(query.who, query.subject, query.start, query.end)
    found = parts.access.accounts.trail(query.limit + 1, before, sought)
    shown = found[: query.limit]
    more = len(found) > query.limit
    return answer(
        {
            "items": [entry_json(entry) for entry in shown],
            "next": str(shown[-1].seq) if more else None,
        }
    )


def _by(parts: Parts, who: Who, request: Request) -> By:
    return parts.access.by(who.name, address_of(request))
