"""How often Python looks for reference cycles."""

from __future__ import annotations

import gc


def collect_seldom() -> None:
    """For processes that readings pass through: millions of short-lived dicts without cycles.

    The default, a look at every 700 of them, costs a quarter of the speed.
    """
    gc.set_threshold(50_000, 20, 50)
