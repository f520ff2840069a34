"""Writes batches to a DuckDB store until it is killed, saying each time how many are accepted."""

from __future__ import annotations

import sys
from itertools import count

from facility.clock import SECOND
from facility.store.base import Verdict
from facility.store.duckdb import DuckStore
from tests.store.test_contract import many

ROWS = 5_000


def main(path: str) -> None:
    store = DuckStore(path)
    for i in count():
        # Each batch brings new series too, so that both tables of a transaction are at stake.
        batch = many(ROWS, 1_000 + 10 * i, i * ROWS * SECOND)
        assert (store.write(batch).verdicts == Verdict.ACCEPT).all()
        sys.stdout.write(f"{i + 1}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
