"""The ledger's entries: what was received, and what became of it.

Entries are ``received``, ``without_ts``, ``quarantined:REASON``, ``dropped:TABLE.FIELD:REASON``,
``stored``, ``refused:…``; with what is in the spool they balance:
received = stored + quarantined + refused + in the spool.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from facility.measurements import MEASUREMENTS
from ingest.messages import Decoded


def entries_of(decoded: Decoded) -> Counter[str]:
    """What to add to the ledger for some decoded messages."""
    entries: Counter[str] = Counter(received=decoded.received, without_ts=decoded.without_ts)
    for one in decoded.quarantined:
        entries[f"quarantined:{one.reason}"] += 1
    for (table, field, reason), count in decoded.dropped.items():
        # The names of unknown fields are the sender's, and endless.
        known = field in MEASUREMENTS[table]
        entries[f"dropped:{table}.{field if known else '*'}:{reason}"] += count
    return entries


def total(books: Mapping[str, int], entry: str) -> int:
    """The sum of an entry over its reasons."""
    return sum(
        count for name, count in books.items() if name == entry or name.startswith(f"{entry}:")
    )


def balance(books: Mapping[str, int]) -> int:
    """What is unaccounted for: 0 at every quiet moment."""
    spoken_for = total(books, "quarantined") + total(books, "refused")
    return books.get("received", 0) - (
        books.get("stored", 0) + spoken_for + books.get("in_spool", 0)
    )
