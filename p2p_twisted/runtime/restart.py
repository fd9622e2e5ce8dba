"""Start this program anew, without something that its command line had."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

try:
    _BEGAN_IN: str | None = os.getcwd()
except OSError:
    _BEGAN_IN = None


def was_given(option: str) -> bool:
    """Return whether the command line itself has an option; a configuration may have it, too."""
    return words_without(option, sys.orig_argv) != sys.orig_argv


def restart_without(option: str, variables: Sequence[str]) -> None:
    """
    Run the same program with the same arguments, but for one option and its value.

    Whoever lists processes sees the arguments of this one for as long as it runs. It returns
    where there is nothing to leave away.

    :param option: with its dashes.
    :param variables: of the environment, not to be passed on.
    """
    if not was_given(option) and not any(name in os.environ for name in variables):
        return
    words = words_without(option, sys.orig_argv[1:])
    environment = {name: value for name, value in os.environ.items() if name not in variables}
    if _BEGAN_IN is not None:
        with suppress(OSError):
            os.chdir(_BEGAN_IN)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os.execve(sys.executable, [sys.executable, *words], environment)


def words_without(option: str, words: Sequence[str]) -> list[str]:
    """Return the words of a command line without an option and its value."""
    left: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == option:
            next(rest, None)
        elif not word.startswith(f"{option}="):
            left.append(word)
    return left
