"""What residents write in their own words, without the numbers and addresses of persons in it."""

from __future__ import annotations

import re

HIDDEN = "***"

_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
# Seven digits are the shortest telephone number; cards have more. A date is none.
_NUMBER = re.compile(r"(?<!\d)\+?(?!\d{4}-\d\d?-\d\d?(?!\d))\d(?:[ ()-]{0,2}\d){6,}[Xx]?")


def masked(text: str) -> str:
    """The text with telephone numbers, numbers of cards and mail addresses hidden."""
    return _NUMBER.sub(HIDDEN, _MAIL.sub(HIDDEN, text))
