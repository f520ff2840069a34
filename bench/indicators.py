"""How fast a year of cases is counted: `python -m bench.indicators`.

100,000 cases of one year lie in an SQLite database, in 17 streets, 30 units and 14 types, most of
them over; half of them have a residents' report. Printed: the CPU time, the median of a few runs,
of each table of the year and of one of its months. Rows are written straight into the tables: what
is measured is counting, not the desk.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import insert

from bench.machine import describe
from cases.database import analyze, connect, upgrade, writing
from cases.filing import calendar
from cases.indicators.defined import BYS
from cases.indicators.table import Indicators
from cases.schema import cases, reports
from cases.tallies import Tallies
from facility.clock import DAY, HOUR, from_rfc3339

START = from_rfc3339("2026-01-01T00:00:00+08:00")
JUNE = from_rfc3339("2026-06-01T00:00:00+08:00")
HOWS = ("verified", "confirmed", "self_recovered", "overridden", "void")
RUNS = 5


def fill(url: str, many: int) -> None:
    """Cases that open through the year, each over within days, one in fifty not at all."""
    draw = np.random.default_rng(1)
    opened = np.sort(draw.integers(START, START + 365 * DAY, many))
    took = draw.exponential(20 * HOUR, (many, 4)).astype(np.int64)
    moments = opened[:, None] + np.cumsum(took, axis=1)
    rows: list[dict[str, object]] = []
    told: list[dict[str, object]] = []
    for i in range(many):
        dispatched, accepted, handled, closed = (int(at) for at in moments[i])
        over = i % 50 != 0
        source = "resident" if i % 3 == 0 else "sensor"
        rows.append(
            {
                "id": f"c{i:06}",
                "type": f"type.{i % 14}",
                "subject": f"cover:{i % 9_000}",
                "state": "closed" if over else "open",
                "stage": "closed" if over else "dispatched",
                "how": HOWS[i % 5] if over else None,
                "opened_at": int(opened[i]),
                "filed_at": int(opened[i]),
                "dispatched_at": dispatched,
                "accepted_at": accepted if over else None,
                "handled_at": handled if over else None,
                "closed_at": closed if over else None,
                "stopped_at": handled if over else None,
                "deadline": int(opened[i]) + 2 * DAY,
                "filed_clock": "working_day" if i % 4 else "urgent_hour",
                "street": f"4101050{i % 17:02}",
                "unit": f"unit {i % 30}",
                "source": source,
                "reworks": i % 9 == 0,
                "extensions": i % 7 == 0,
                "pauses": [[accepted, accepted + HOUR]] if i % 20 == 0 else [],
                "members": [],
                "cause": "",
                "evidence": {},
                "rule": "",
                "rule_version": "",
                "version": 6,
            }
        )
        if i % 2:
            told.append(
                {
                    "id": i,
                    "token_digest": f"{i:064}",
                    "service": "L201-damaged",
                    "standard": "s",
                    "version": "v",
                    "code": "L201",
                    "condition": "damaged",
                    "description": "",
                    "channel": "hotline",
                    "received_at": int(opened[i]),
                    "case_id": f"c{i:06}",
                    "satisfaction": 1 + i % 5,
                    "rated_at": closed,
                    "not_fixed": 0,
                }
            )
    engine = connect(url)
    with writing(engine) as connection:
        for start in range(0, many, 5_000):
            connection.execute(insert(cases), rows[start : start + 5_000])
        connection.execute(insert(reports), told)
    analyze(engine)
    engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.indicators", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    arguments = parser.parse_args()
    print(describe("sqlalchemy", "numpy"))
    zone = ZoneInfo("Asia/Shanghai")
    with tempfile.TemporaryDirectory(prefix="xiuhua-bench-") as folder:
        url = f"sqlite:///{Path(folder)}/cases.db"
        upgrade(url)
        fill(url, arguments.cases)
        print(f"\n{arguments.cases:,} cases in a year: ms of CPU, the median of {RUNS}")
        print(f"  {'by':<10}{'the year':>12}{'one month':>12}")
        with (
            closing(Tallies(url)) as tallies,
            closing(Indicators(url, tallies, zone, calendar.load("Asia/Shanghai"))) as made,
        ):
            now = START + 400 * DAY
            for by in BYS:
                year, month = [], []
                for _ in range(RUNS):
                    began = time.process_time()
                    made.table(START, START + 365 * DAY, now, by)
                    year.append(time.process_time() - began)
                    began = time.process_time()
                    made.table(JUNE, JUNE + 30 * DAY, now, by)
                    month.append(time.process_time() - began)
                shown = [statistics.median(took) * 1e3 for took in (year, month)]
                print(f"  {by:<10}{shown[0]:>12,.0f}{shown[1]:>12,.0f}")


if __name__ == "__main__":
    main()
