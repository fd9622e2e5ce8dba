"""Have nobody who lists the processes of this machine see what one of them was started with."""

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

from p2p_twisted.runtime.restart import restart_without

_SELF: Final = Path("/proc/self")
# Where the command line and the environment begin and end, among what follows the program's name.
_PLACES: Final = slice(45, 49)


def conceal(option: str, variables: Sequence[str], secrets: Collection[str]) -> None:
    """
    Hide what this program was started with: on Linux in place, elsewhere by starting it anew.

    :param option: with its dashes; its value is one of the secrets.
    :param variables: of the environment, of which no process that this one starts hears.
    :param secrets: whole values.
    """
    if not overwrite(secrets):
        restart_without(option, variables)
    for name in variables:
        os.environ.pop(name, None)


def overwrite(secrets: Collection[str]) -> bool:
    """
    Overwrite values in the memory from which the system shows this process's words and variables.

    :returns: whether they are to be seen no more: it may be unable to, or elsewhere than on Linux.
    """
    hidden = [os.fsencode(secret) for secret in secrets]
    try:
        with (_SELF / "mem").open("r+b", buffering=0) as memory:
            for start, end in _shown_places():
                memory.seek(start)
                for place, length in list(_found(memory.read(end - start), hidden)):
                    memory.seek(start + place)
                    memory.write(b"*" * length)
        shown = (_SELF / "cmdline").read_bytes() + (_SELF / "environ").read_bytes()
    except (OSError, ValueError):
        return False
    return not any(secret in shown for secret in hidden)


def _shown_places() -> Iterator[tuple[int, int]]:
    fields = (_SELF / "stat").read_bytes().rpartition(b")")[2].split()
    first, last, *environment = map(int, fields[_PLACES])
    yield first, last
    yield environment[0], environment[1]


def _found(words: bytes, hidden: Collection[bytes]) -> Iterator[tuple[int, int]]:
    """Yield where secrets begin, and how long they are: words, or what a word has behind ``=``."""
    place = 0
    for word in words.split(b"\0"):
        for secret in hidden:
            if word == secret or word.endswith(b"=" + secret):
                yield place + len(word) - len(secret), len(secret)
        place += len(word) + 1
