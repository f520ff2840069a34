"""The ways out, each against a real server on this machine."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from cases.notices.contacts import Contact
from cases.notices.message import Channel, Message
from cases.notices.notify import channel
from cases.notices.webhook import Webhook
from facility.clock import SECOND
from facility.errors import Permanent, Retryable, UsageError
from tests.cases.sinks import HttpSink, MailSink, http_sink, mail_sink
from tests.servers import free_port

SECRET = "a secret of many characters"
FACTS: tuple[dict[str, Any], ...] = ({"case": "c1", "event": "opened"},)
MESSAGE = Message("m1", "绣花:2 条案件消息", ("第一条", "第二条"), FACTS, "另有 {count} 条")


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    with http_sink() as sink:
        yield sink


@pytest.fixture
def mails() -> Iterator[MailSink]:
    with mail_sink() as sink:
        yield sink


class StoppedClock:
    speed = 1.0

    def now_ms(self) -> int:
        return 1_790_000_000 * SECOND


def robot(url: str, sink: HttpSink) -> Channel:
    """The channel of a robot, behind a gateway instead of its maker."""
    hosts = ("qyapi.weixin.qq.com", "oapi.dingtalk.com", "open.feishu.cn")
    return channel(Contact("group", url), dict.fromkeys(hosts, f"{sink.url}/gateway/"))


def test_a_webhook_is_signed_as_the_documentation_says(sink: HttpSink) -> None:
    Webhook(f"{sink.url}/in?x=1", SECRET, StoppedClock()).send(MESSAGE)
    (got,) = sink.requests
    assert got.path == "/in?x=1"
    assert got.json == {"id": "m1", "notices": list(FACTS)}
    assert got.headers["idempotency-key"] == got.headers["webhook-id"] == "m1"
    assert got.headers["webhook-timestamp"] == "1790000000"
    signed = b"m1.1790000000." + got.body
    digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
    assert got.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


def test_a_secret_of_standard_webhooks_is_base64(sink: HttpSink) -> None:
    key = b"0123456789abcdef0123456789abcdef"
    secret = f"whsec_{base64.b64encode(key).decode()}"
    channel(Contact("hook", sink.url, secret), {}).send(MESSAGE)
    (got,) = sink.requests
    signed = f"m1.{got.headers['webhook-timestamp']}.".encode() + got.body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    assert got.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    with pytest.raises(UsageError, match="base64"):
        channel(Contact("hook", sink.url, "whsec_!"), {})


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503])
def test_an_answer_that_may_pass_is_worth_another_try(sink: HttpSink, status: int) -> None:
    sink.answers = [(status, b"")]
    with pytest.raises(Retryable, match=f"127.0.0.1 answered {status}"):
        channel(Contact("hook", f"{sink.url}/hush", SECRET), {}).send(MESSAGE)


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 410])
def test_a_refusal_is_final_and_a_redirect_is_one(sink: HttpSink, status: int) -> None:
    sink.answers = [(status, b"")]
    with pytest.raises(Permanent, match=f"127.0.0.1 answered {status}") as caught:
        channel(Contact("hook", f"{sink.url}/hush", SECRET), {}).send(MESSAGE)
    assert "hush" not in str(caught.value)
    assert len(sink.requests) == 1


def test_nobody_there_is_worth_another_try() -> None:
    away = channel(Contact("hook", f"http://127.0.0.1:{free_port()}/hush", SECRET), {})
    with pytest.raises(Retryable, match="refused") as caught:
        away.send(MESSAGE)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("wecombot://key-12345678", "/gateway/cgi-bin/webhook/send?key=key-12345678"),
        ("dingtalk://token12345678", "/gateway/robot/send?access_token=token12345678"),
        ("feishu://token-12345678", "/gateway/open-apis/bot/v2/hook/token-12345678"),
    ],
)
def test_a_robot_is_told_through_a_gateway(sink: HttpSink, url: str, path: str) -> None:
    robot(url, sink).send(MESSAGE)
    assert [one.path for one in sink.requests] == [path]
    assert sink.texts == ["绣花:2 条案件消息\n第一条\n第二条"]


def test_dingtalk_is_signed(sink: HttpSink) -> None:
    robot("dingtalk://SECsecret1234@token12345678", sink).send(MESSAGE)
    path = sink.requests[0].path
    assert path.startswith("/gateway/robot/send?access_token=token12345678&timestamp=")
    assert "&sign=" in path
    assert "SECsecret1234" not in path


@pytest.mark.parametrize(
    ("url", "answered"),
    [
        ("wecombot://key-12345678", b'{"errcode":45009,"errmsg":"key-12345678 is too fast"}'),
        ("dingtalk://token12345678", b'{"errcode":310000}'),
        ("feishu://token-12345678", b'{"code":9499}'),
        ("wecombot://key-12345678", b"<html>"),
    ],
)
def test_a_robot_that_refuses_with_200_was_not_told(
    sink: HttpSink, url: str, answered: bytes
) -> None:
    sink.answers = [(200, answered)]
    with pytest.raises(Retryable) as caught:
        robot(url, sink).send(MESSAGE)
    assert "12345678" not in str(caught.value)


def test_wecom_gets_what_it_takes(sink: HttpSink) -> None:
    lines = tuple(f"第 {number} 条:路灯不亮" for number in range(200))
    robot("wecombot://key-12345678", sink).send(Message("m", "标题", lines, (), "另有 {count} 条"))
    (text,) = sink.texts
    assert len(text.encode()) <= 2048
    told = text.count("路灯不亮")
    assert text.endswith(f"另有 {200 - told} 条")


def test_a_mail_arrives(mails: MailSink) -> None:
    url = f"mailto://127.0.0.1:{mails.port}?mode=insecure&from=x@example.cn&to=y@example.cn"
    channel(Contact("mail", url), {}).send(MESSAGE)
    assert mails.subject(0) == "绣花:2 条案件消息"
    assert mails.mails[0]["To"] == "y@example.cn"
    assert [line.strip() for line in mails.text(0).splitlines() if line] == ["第一条", "第二条"]


def test_a_mail_server_that_is_away_is_worth_another_try(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    url = f"mailto://u:hush@127.0.0.1:{free_port()}?mode=insecure&from=x@example.cn&to=y@a.cn"
    with caplog.at_level(logging.DEBUG), pytest.raises(Retryable) as caught:
        channel(Contact("mail", url), {}).send(MESSAGE)
    assert "hush" not in f"{caught.value}{caplog.text}{capfd.readouterr()}"


def test_whatever_apprise_knows_can_be_told(sink: HttpSink) -> None:
    channel(Contact("own", f"json://127.0.0.1:{sink.port}/in"), {}).send(MESSAGE)
    (got,) = sink.requests
    assert (got.json["title"], got.json["message"]) == (MESSAGE.title, "第一条\n第二条")
    sink.answers = [(500, b"")]
    with pytest.raises(Retryable, match="500"):
        channel(Contact("own", f"json://127.0.0.1:{sink.port}/in"), {}).send(MESSAGE)


@pytest.mark.parametrize("url", ["hush", "hush://x", "wecombot://hush!hush", "dingtalk://"])
def test_an_address_that_is_none_is_refused_and_not_shown(
    url: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(UsageError, match="`contacts") as caught:
        channel(Contact("mail", url), {})
    assert "hush" not in f"{caught.value}{caplog.text}{capfd.readouterr()}"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("wecombot://key-12345678", ("qyapi.weixin.qq.com", 443)),
        ("dingtalk://SECsecret1234@token12345678", ("oapi.dingtalk.com", 443)),
        ("mailtos://u:p@mail.example.cn?from=x@example.cn&to=y@a.cn", ("mail.example.cn", 587)),
        ("json://gateway.example.cn:8080/x", ("gateway.example.cn", 8080)),
    ],
)
def test_where_a_contact_is_reached_is_known(url: str, host: tuple[str, int]) -> None:
    found = channel(Contact("one", url), {})
    assert found.host == host
    assert "12345678" not in repr(found)


def test_a_text_is_cut_at_whole_lines() -> None:
    message = Message("m", "t", ("aaaa", "bbbb", "cccc"), (), "+{count}")
    assert message.text(14) == "aaaa\nbbbb\ncccc"
    assert message.text(13) == "aaaa\nbbbb\n+1"
    assert message.text(8) == "aaaa\n+2"
    assert message.text(2) == "+3"
    assert Message("m", "t", ("灯灯",), (), "+{count}").text(1) == ""
