"""Signing in and out, and who one is."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.caller import COOKIE, Caller, access_of, same_origin, set_cookie
from api.limits import address_of
from api.parts import FromApp, answer
from api.people import Me, Token, who_json
from api.problems import BadParameter, Problem
from api.tokens import LIFE_S
from cases.people.passwords import LONGEST

router = APIRouter(tags=["session"])

Name = Annotated[str, Form(max_length=200)]
Password = Annotated[str, Form(max_length=LONGEST)]


class PasswordBody(BaseModel):
    """A new password, and the one it replaces."""

    model_config = ConfigDict(extra="forbid", strict=True)

    old: Annotated[str, Field(max_length=LONGEST)]
    new: Annotated[str, Field(max_length=LONGEST)]


class OnceBody(BaseModel):
    """The text of a sign-in that works once."""

    model_config = ConfigDict(extra="forbid", strict=True)

    key: Annotated[str, Field(max_length=200)]


@router.post("/token", response_model=Token)
async def token(request: Request, username: Name, password: Password) -> Response:
    """Signs in with name and password, for programs: a token to send as `Authorization: Bearer`.

    It counts for half an hour. A machine that runs for longer has a key of its own.
    """
    access = access_of(request)
    address = address_of(request)
    session = await access.in_turn(access.sign_in, username, password, address)
    made = {"access_token": access.token(session), "token_type": "bearer", "expires_in": LIFE_S}
    return answer(made)


@router.post("/session", response_model=Me)
async def sign_in(request: Request, username: Name, password: Password) -> Response:
    """Signs in with name and password, for the control room: its cookie is the session.

    It is prolonged while it is in use, up to twelve hours.
    """
    same_origin(request)
    access = access_of(request)
    address = address_of(request)
    session = await access.in_turn(access.sign_in, username, password, address)
    me = await run_in_threadpool(_me, request, session.name)
    return set_cookie(answer(me), request, session)


@router.post("/session/once", response_model=Me)
def sign_in_once(request: Request, body: OnceBody) -> Response:
    """Signs in with the text of a link that works once, such as the one a demo prints."""
    same_origin(request)
    session = access_of(request).sign_in_once(body.key, address_of(request))
    return set_cookie(answer(_me(request, session.name)), request, session)


@router.delete("/session", status_code=204)
def sign_out(request: Request) -> Response:
    """Makes the browser forget the session."""
    same_origin(request)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


@router.get("/me", response_model=Me)
def me(who: Caller) -> Response:
    """Who is asking."""
    return answer(who_json(who))


@router.post("/me/password", response_model=Me)
def change_password(request: Request, who: Caller, parts: FromApp, body: PasswordBody) -> Response:
    """Changes one's own password. Every other session of the account ends."""
    access, address = parts.access, address_of(request)
    if access.accounts.get(who.name) is None:
        raise Problem(409, "a machine's key has no password", "设备密钥没有密码")
    if access.proved(who.name, body.old, address) is None:
        raise BadParameter("old", "is not the password of this account", "原密码不正确")
    account = access.accounts.set_password(who.name, body.new, access.by(who.name, address))
    return set_cookie(answer(who_json(who)), request, access.renewed(account))


def _me(request: Request, name: str) -> dict[str, object]:
    account = access_of(request).accounts.get(name)
    return {} if account is None else who_json(account.who)
