"""Backtests: a draft rulebook over the stored readings, beside the one in use."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.caller import Caller
from api.parameters import Moment
from api.parts import FromApp, answer
from api.problems import Problem
from api.shapes.rules import Backtest, BacktestPage
from facility.clock import to_rfc3339
from rules.book.check import Mistakes
from rules.trials.backtests import Busy, Run

router = APIRouter(tags=["rules"])

_TEXT_MAX = 200_000


class BacktestBody(BaseModel):
    """The draft, as TOML, and the time it is tried on."""

    model_config = ConfigDict(extra="forbid")

    rulebook: Annotated[str, Field(max_length=_TEXT_MAX)]
    start: Annotated[Moment, Field(alias="from")]
    end: Annotated[Moment, Field(alias="to")]
    operators: Annotated[int, Field(ge=1, le=1_000)] = 1


@router.get("/backtests", response_model=BacktestPage)
def backtests(parts: FromApp) -> Response:
    """The last ones, newest first, without their results."""
    return answer({"items": [{**_shown(one), "result": None} for one in parts.backtests.runs()]})


@router.post("/backtests", response_model=Backtest, status_code=202)
def begin(parts: FromApp, who: Caller, body: BacktestBody) -> Response:
    """Begins one; 409 while another runs, 422 with lines where the draft has mistakes."""
    now = parts.clock.now_ms()
    try:
        run = parts.backtests.start(
            body.rulebook, body.start, body.end, body.operators, who.name, now
        )
    except Busy as error:
        raise Problem(409, str(error), "已有一个回测在运行,请等待或取消") from None
    except Mistakes as error:
        errors = [
            {"name": "rulebook", "line": line, "detail": words} for line, words in error.found
        ]
        raise Problem(422, str(error), errors=errors) from None
    return answer(_shown(run), status=202)


@router.get("/backtests/{backtest_id}", response_model=Backtest)
def backtest(parts: FromApp, backtest_id: str) -> Response:
    """How far one is, and its result once it is done."""
    return answer(_shown(_found(parts.backtests.get(backtest_id), backtest_id)))


@router.delete("/backtests/{backtest_id}", response_model=Backtest)
def cancel(parts: FromApp, backtest_id: str) -> Response:
    """Cancels one that runs; one that is over stays as it is."""
    return answer(_shown(_found(parts.backtests.cancel(backtest_id), backtest_id)))


def _found(run: Run | None, backtest_id: str) -> Run:
    if run is None:
        raise Problem(404, f"no backtest {backtest_id!r}", "没有这个回测")
    return run


def _shown(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "state": run.state,
        "author": run.author,
        "started_at": to_rfc3339(run.started_at),
        "from": to_rfc3339(run.question.start),
        "to": to_rfc3339(run.question.end),
        "live": run.question.live.version,
        "draft": run.question.draft.version,
        "progress": round(run.progress, 4),
        "readings": run.readings,
        "error": run.error,
        "result": run.result,
    }
