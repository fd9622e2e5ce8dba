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
    def of(cls, failures: "set[Exit]") -> "Exit":
        """Return the one code of several things that were done, by those that failed."""
        if not failures:
            return cls.DONE
        return failures.copy().pop() if len(failures) == 1 else cls.SOME_FAILED


def after_signal(number: int) -> int:
    """Return what a shell reports when a signal has ended a command."""
    return 128 + number
