"""The exit codes of this program's commands and daemons, for scripts."""

import enum


class Exit(enum.IntEnum):
    """How something ended."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    NO_NETWORK = 3
    NOT_FOUND = 4
    UNVERIFIED = 5
    UNFINISHED = 6
    REFUSED = 7
    DISK = 8
    CONFLICT = 9
    SOME_FAILED = 10

    @classmethod
    def of(cls, ends: "set[Exit]") -> "Exit":
        """Return the one code of several things by how each has ended; nothing at all is done."""
        return next(iter(ends), cls.DONE) if len(ends) <= 1 else cls.SOME_FAILED


def after_signal(number: int) -> int:
    """Return what a shell reports when a signal has ended a command."""
    return 128 + number
