"""Text from outside that whatever keeps it can keep, and whoever reads it can read.

PostgreSQL keeps no NUL, UTF-8 has no half of a surrogate pair, and a terminal obeys control
characters that stand in a log. Line breaks and tabs are text.
"""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def is_plain(text: str) -> bool:
    """Whether a text has no control characters."""
    return _CONTROL.search(text) is None
