"""How the services are."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.caller import Anybody
from api.parts import FromApp, Parts, answer
from api.shapes.site import Health, HealthSign
from facility.clock import SystemClock, to_rfc3339

router = APIRouter(tags=["health"])

STALE_S = 15.0
"""Real seconds after which a service that has told nothing is taken to be in trouble."""


@router.get("/health", response_model=Health | HealthSign)
def health(parts: FromApp, who: Anybody) -> Response:
    """How every service is, and what is wrong, in Chinese and English.

    Who is not signed in is told the `status` alone, and who is no admin not the addresses, files
    and contacts that a problem names.
    """
    problems = _problems(parts)
    status = "degraded" if problems else "ok"
    if who is None:
        return answer({"status": status})
    if who.role != "admin":
        problems = [_outline(one) for one in problems]
    services = parts.live.services()
    return answer(
        {
            "status": status,
            "now": to_rfc3339(parts.clock.now_ms()),
            "clock": {
                "virtual": not isinstance(parts.clock, SystemClock),
                "speed": parts.clock.speed,
            },
            "site": {"area": parts.site.area, "timezone": parts.site.timezone},
            "services": {
                **{name: told.counters for name, (told, _) in services.items()},
                "api": {
                    "stream_clients": parts.hub.clients,
                    "stream_dropped": parts.hub.dropped,
                    "events_refused": parts.desk.refused,
                },
            },
            "problems": problems,
        }
    )


def _problems(parts: Parts) -> list[dict[str, Any]]:
    problems: list[dict[str, Any]] = []

    def add(service: str, code: str, zh: str, en: str) -> None:
        problems.append({"service": service, "code": code, "zh": zh, "en": en})

    for service, (told, age_s) in parts.live.services().items():
        for code, zh, en in told.problems:
            add(service, code, zh, en)
        if age_s > STALE_S:
            add(
                service,
                "stale",
                f"已 {age_s:.0f} 秒没有 {service} 的消息",
                f"nothing heard from {service} for {age_s:.0f} s",
            )
    if words := parts.hub.problem:
        add("api", "stream", f"事件流中断:{words}", f"the event stream waits: {words}")
    return problems


def _outline(problem: dict[str, Any]) -> dict[str, Any]:
    """What is wrong, without what follows the colon: where exactly, and in whose words."""
    return problem | {language: problem[language].partition(":")[0] for language in ("zh", "en")}
