"""The command ``xiuhua``: wires the rooms together, and knows nothing else."""


def main() -> int:
    """Entry point of the command; the exit status."""
    return 0
