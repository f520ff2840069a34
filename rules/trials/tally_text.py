"""The result of a backtest as a page of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rules.trials.tally import STEADY_PER_HOUR, Book, Counts, OneCase, Result

_SHOWN = 20
"""Rows of a table that are printed; the JSON has all."""


def page(result: Result) -> str:
    """What a person reads, a line each."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: Result) -> Iterator[str]:
    live, draft = result.live, result.draft
    yield f"{result.from_} to {result.to}: {result.readings:,} readings"
    yield f"live book {live.version}, draft {draft.version}"
    yield ""
    yield f"{'':30}{'opened':>15}{'relapsed':>15}{'recovered':>15}{'merged':>15}"
    yield f"{'':30}" + f"{'live':>8}{'draft':>7}" * 4
    for type_ in sorted(live.by_type.keys() | draft.by_type.keys()):
        yield _counts(type_, live.by_type.get(type_, Counts()), draft.by_type.get(type_, Counts()))
    yield _counts("all", live.total, draft.total)
    yield f"{'not over at the end':30}{live.total.standing:8,}{draft.total.standing:7,}"
    yield from _table("alarms by street", live.by_street, draft.by_street)
    yield from _table("alarms by day", live.by_day, draft.by_day)
    yield ""
    who = "an operator" if result.operators == 1 else f"each of {result.operators} operators"
    yield f"alarms an hour for {who} (EEMUA 191: under {STEADY_PER_HOUR:.0f} in steady state)"
    for name, book in (("live", live), ("draft", draft)):
        yield _ringing(name, book)
    yield from _cases("gained: cases that only the draft has", result.gained, result.gained_cases)
    yield from _cases("lost: cases that only the live book has", result.lost, result.lost_cases)


def _counts(name: str, live: Counts, draft: Counts) -> str:
    cells = (
        f"{getattr(live, what):8,}{getattr(draft, what):7,}"
        for what in ("opened", "relapsed", "recovered", "merged")
    )
    return f"{name:30}" + "".join(cells)


def _table(title: str, live: Mapping[str, int], draft: Mapping[str, int]) -> Iterator[str]:
    yield ""
    yield f"{title:30}{'live':>8}{'draft':>7}"
    names = list(dict.fromkeys((*live, *draft)))
    for name in names[:_SHOWN]:
        # A Chinese character is as wide as two others.
        wide = sum(ord(letter) > 0x2E7F for letter in name)
        yield f"{name:{30 - wide}}{live.get(name, 0):8,}{draft.get(name, 0):7,}"
    if len(names) > _SHOWN:
        yield f"and {len(names) - _SHOWN} more"


def _ringing(name: str, book: Book) -> str:
    told = book.ringing
    worst = f", worst hour {told.worst_hour:g} from {told.worst_hour_at}" if told.worst_hour else ""
    return f"  {name:6}{told.per_operator_hour:6.2f}{worst}, {told.flood_minutes} min in floods"


def _cases(title: str, many: int, cases: list[OneCase]) -> Iterator[str]:
    yield ""
    yield f"{title}: {many:,}"
    for case in cases[:_SHOWN]:
        yield f"  {case.from_}  {case.type}  {case.subject}  to {case.to or 'the end'}"
    if many > _SHOWN:
        yield f"  and {many - _SHOWN:,} more"
