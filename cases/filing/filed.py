"""What a case is filed under: the row of the standard, and when its limit runs out."""

from __future__ import annotations

from dataclasses import dataclass

from cases.filing.working_clock import ClockKind


@dataclass(frozen=True, slots=True)
class Filed:
    """The row that a case was filed under when it was opened, and its deadline (ms).

    ``standard`` and ``version`` name the edition, ``code`` and ``condition`` the row in it. The
    limit and its clock are kept beside them: a row that is changed later changes no case.
    """

    standard: str
    version: str
    code: str
    condition: str
    limit: int
    clock: ClockKind
    deadline: int
