"""The errors of Xiuhua. Each says whether trying again can help.

    XiuhuaError
    ├── Retryable        the other side is away or busy: keep the work and try again
    └── Permanent        trying again gives the same answer
        └── UsageError   a person gave wrong input; the text names what to do

Anything else that is raised is a bug, and is logged once at the boundary it reaches.
"""


class XiuhuaError(Exception):
    """Base of every error this system raises on purpose."""


class Retryable(XiuhuaError):
    """The work is sound, the moment is not: a server is away, a disk is full, a time-out."""


class Permanent(XiuhuaError):
    """The work itself is refused; the text says by whom and why."""


class UsageError(Permanent):
    """Wrong input from a person; the text is one line that names what to do."""


def without_secret(address: str) -> str:
    """An address as an error may show it, however malformed: without user and password."""
    _, at, host = address.rpartition("@")
    return f"…@{host}" if at else host
