"""What it takes to believe a recovery, by family of cases: the figures of ``[verify]``."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from rules.book.rulebook import Rulebook
from rules.sight import Look
from rules.verification import Proof


def proofs(looks: Mapping[str, Look], book: Rulebook) -> dict[str, Proof]:
    """The proof of each family; ``looks`` are the detectors' own, by family."""
    verify = book.verify
    # A window is a reading of a cover, and the first has passes from before the repair.
    windows = math.ceil(verify.quiet_passes / np.min(book.rattle.window_passes)) + 1
    asked: dict[str, tuple[str, int, int, float]] = {
        "unlit": ("lit", verify.lit_least, 2, verify.lit_share),
        "burning": ("off", verify.off_for, 2, 0),
        "degraded": ("sound", verify.sound_for, 2, 0),
        "lost": ("drawing", verify.drawn_for, 2, 0),
        "displaced": ("level", verify.level_for, 2, 0),
        "rattle": ("quiet", 0, windows, 0),
        "flooding": ("fallen", verify.fallen_for, 2, 0),
        "backlog": ("cleared", verify.cleared_for, 2, 0),
        "odour": ("clean", verify.clean_for, 2, 0),
        "gas": ("clean", verify.clean_for, 2, 0),
        "leachate": ("drained", verify.drained_for, 2, 0),
        "equipment": ("running", verify.repaired_for, 2, 0),
        "silent": ("heard", verify.heard_for, 2, 0),
    }
    return {
        family: Proof(seen, looks[family], sound_for, readings, share)
        for family, (seen, sound_for, readings, share) in asked.items()
    }
