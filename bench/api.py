"""How fast the API answers: `python -m bench.api`.

A year of cases and a district of assets, served by one process that is held to one core. Another
process asks for lists, filtered lists and details at a fixed rate, each answer being timed from
when it was due. Then it asks for the state of every asset in one answer, and for how long a case
event takes from being recorded until the stream has told it.

`--url` has the cases in a PostgreSQL database instead, which must be empty.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import multiprocessing
import os
import random
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.connection import Connection
from urllib.parse import urlencode

import httpx

from bench.asking import Answered, Asker
from bench.lives import fill
from bench.machine import describe
from bench.served import NOW, STREETS, UNITS, Place, district, filing_of, serve
from cases.desk import Desk
from cases.events import CaseEvent
from facility.clock import DAY, to_rfc3339

RATE, SECONDS, PAGE = 200, 30, 50
FLOOR = "/api/v1/me"
"""Asked for alone: what an answer takes that asks only who it is for."""

LISTS: dict[str, dict[str, object]] = {
    "list: newest": {},
    "list: open, by deadline": {"state": "open", "sort": "deadline"},
    "list: last changed": {"sort": "changed_at"},
}
FILTERS: dict[str, dict[str, object]] = {
    "filter: stage": {"stage": "dispatched"},
    "filter: unit and stage": {"unit": UNITS[3], "stage": "handling", "sort": "deadline"},
    "filter: street, type": {"street": STREETS[4], "type": "cover.rattle"},
    "filter: overdue, open": {"overdue": "true", "state": "open", "sort": "deadline"},
    "filter: overdue, all": {"overdue": "true"},
    "filter: supervised": {"supervised": 2},
    "filter: unit, a week in spring": {
        "unit": UNITS[5],
        "opened_from": to_rfc3339(NOW - 100 * DAY),
        "opened_to": to_rfc3339(NOW - 93 * DAY),
    },
    "filter: source nobody has": {"source": "resident"},
    "filter: handler": {"handler": "bench", "stage": "handling"},
    "filter: the end of an id": {"q": "0001f4a0"},
    "filter: a word of few": {"q": "L0123"},
    "filter: a word of most": {"q": "L0"},
    "filter: a word of none": {"q": "L9"},
}


def questions(many: int, cases: int) -> Iterator[tuple[str, str]]:
    """Names and paths: four lists, three filtered ones and three details of ten."""
    chance = random.Random(2)
    lists, filters = list(LISTS.items()), list(FILTERS.items())
    for _ in range(many):
        draw = chance.random()
        if draw >= 0.7:
            yield "detail", f"/api/v1/cases/20260626-{chance.randrange(cases):08x}"
            continue
        name, query = chance.choice(lists if draw < 0.4 else filters)
        yield name, f"/api/v1/cases?{urlencode({**query, 'limit': PAGE})}"


def line(name: str, answers: list[Answered]) -> str:
    took = sorted(answer.took_s * 1000 for answer in answers)
    p99 = took[min(len(took) - 1, int(len(took) * 0.99))]
    size = statistics.mean(answer.size for answer in answers) / 1000
    return (
        f"  {name:<32}{len(took):>6}{statistics.median(took):>9.1f}{p99:>9.1f}"
        f"{took[-1]:>9.1f} ms{size:>9.1f} kB"
    )


async def ask_all(url: str, token: str, cases: int, server: Connection) -> None:
    asker = Asker(url, token)

    def worked() -> float:
        server.send("worked")
        return float(server.recv())

    await asker.ask_all(questions(200, cases), RATE / 2)  # connections, imports, the page cache
    floor = await asker.ask_all([("floor", FLOOR)] * RATE * 3, RATE)
    before = worked()
    found = await asker.ask_all(questions(RATE * SECONDS, cases), RATE)
    each = (worked() - before) / len(found)
    wrong = [answer for answer in (*floor, *found) if answer.status != 200]
    if wrong:
        raise SystemExit(f"{len(wrong)} not answered: {wrong[0].name}: {wrong[0].body[:300]!r}")
    print(f"\nanswers at {RATE} a second, pages of {PAGE}")
    print(f"  {'':<32}{'asked':>6}{'median':>9}{'p99':>9}{'longest':>9}{'':<3}{'mean size':>12}")
    by_name = defaultdict(list)
    for answer in found:
        by_name[answer.name].append(answer)
    for name in sorted(by_name):
        print(line(name, by_name[name]))
    print(line("all", found))
    print(line(f"floor: {FLOOR}", floor))
    print(f"  the server worked {each * 1000:.1f} ms for each: {each * RATE:.0%} of its core")


async def ask_states(url: str, token: str) -> None:
    asker = Asker(url, token, 1)
    found = [await asker.ask("/api/v1/states", more="Accept-Encoding: gzip\r\n") for _ in range(20)]
    took = sorted(answer.took_s * 1000 for answer in found)
    told = json.loads(gzip.decompress(found[0].body))
    many = sum(len(kind["ids"]) for kind in told["kinds"].values())
    print(
        f"\nstates of {many:,} assets in one answer: median {statistics.median(took):.0f} ms, "
        f"longest {took[-1]:.0f} ms, {found[0].size / 1e6:.2f} MB gzipped"
    )


def follow(url: str, token: str, place: Place) -> None:
    """Records cases beside the server, and waits for each in the stream."""
    seen: dict[str, float] = {}
    told = threading.Event()

    def listen() -> None:
        head = {"Authorization": f"Bearer {token}"}
        with httpx.stream("GET", f"{url}/api/v1/stream", headers=head, timeout=60) as response:
            for text in response.iter_lines():
                if text.startswith("id:"):
                    told.set()
                if text.startswith('data: {"event"'):
                    seen[json.loads(text[6:])["event"]["case"]] = time.perf_counter()
                    if len(seen) == 20:
                        return

    listener = threading.Thread(target=listen)
    listener.start()
    told.wait()
    took = []
    with closing(Desk(place.url, filing_of(district(place.assets)))) as desk:
        for n in range(20):
            name = f"L{n:06}"
            event = CaseEvent(
                NOW, "opened", f"bench-{n}", "streetlight.unlit", f"streetlight:{name}", (name,)
            )
            begin = time.perf_counter()
            desk.record([event])
            while event.case not in seen:
                time.sleep(0.001)
            took.append((seen[event.case] - begin) * 1000)
            time.sleep(0.05)
    listener.join()
    took.sort()
    print(
        f"a case from its event to the stream: median {statistics.median(took):.0f} ms, "
        f"longest {took[-1]:.0f} ms"
    )


def main() -> None:
    """Fills, serves, asks, and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--assets", type=int, default=70_000)
    parser.add_argument("--url", help="of an empty PostgreSQL database")
    options = parser.parse_args()
    print(describe("fastapi", "uvicorn", "sqlalchemy", "msgspec"))
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        place = Place(folder, options.url or f"sqlite:///{folder}/cases.db", options.assets)
        events = fill(place, options.cases)
        print(f"inputs:  {options.cases:,} cases, {events:,} events, {options.assets:,} assets")
        here, there = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        server = context.Process(target=serve, args=(place, cores[-1], there))
        server.start()
        url, token = here.recv()
        os.sched_setaffinity(0, cores[:-1] or cores)
        asyncio.run(ask_all(url, token, options.cases, here))
        asyncio.run(ask_states(url, token))
        follow(url, token, place)
        here.send("stop")
        server.join()


if __name__ == "__main__":
    main()
