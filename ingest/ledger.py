"""The ledger's entries: what was received, and what became of it.

=========================== =====================================================================
``received``                readings that came in, each counted as often as it came
``duplicate``               of them, those known to have come before (:mod:`ingest.recent`)
``without_ts``              of them, those timed by their arrival
``quarantined:REASON``      could not be used (:data:`ingest.messages.REASONS`)
``refused:store``           the store refused them; they are in quarantine as well
``refused:damaged``         lost to damage of the spool's file
``stored``                  the store has them
``dropped:TABLE.FIELD:WHY`` fields dropped from readings that were kept or not
``repaired``                messages that left the quarantine by being tried again
``forgotten:bound``         rows that the quarantine's bound pushed out; ``forgotten:damaged`` lost
=========================== =====================================================================

With what is in the spool they balance: received = stored + quarantined + refused + in the spool.
A message that cannot be read counts as one reading. The quarantine holds
quarantined + refused:store - forgotten rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from facility.measurements import MEASUREMENTS, WAVEFORM
from ingest.messages import Decoded, Quarantined

REFUSED = "refused"
"""The reason in quarantine of what the store refused."""


def entries_of(decoded: Decoded) -> Counter[str]:
    """What to add to the ledger for some decoded messages."""
    entries: Counter[str] = Counter(received=decoded.received, without_ts=decoded.without_ts)
    for one in decoded.quarantined:
        entries[f"quarantined:{one.reason}"] += 1
    for (table, field, reason), count in decoded.dropped.items():
        # The names of unknown fields are the sender's, and endless.
        known = field in MEASUREMENTS[table] or field == WAVEFORM
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


def found_under(one: Quarantined) -> str:
    """The entry that a message in quarantine is counted under."""
    return "refused:store" if one.reason == REFUSED else f"quarantined:{one.reason}"
