"""A parser of arguments that starts fast."""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, NoReturn

from p2p_twisted.runtime.exit_status import Exit

DAEMON: Final = "daemon"
"""The verb that is twistd, for what starts daemons of its own; not for people."""

_COLUMNS: Final = 80
_WRONG_CHOICE: Final = r"(?s)invalid choice: '(?P<typed>[^']*)' \(choose from (?P<choices>.*)\)"
_UNKNOWN: Final = "unrecognized arguments: "
_DASHED: Final = "(put -- before a name that begins with -)"
_FEW: Final = 3
"""So many choices are all listed, where none is nearly what was typed."""

_ALIKE: Final = 0.7
_PLACES: Final = ("FILE", "DIR")
"""What values are called that are paths."""

_NO_VERB: Final = "are required: VERB"
_CHOICE: Final = r"[\w-]+"


class _Formatter(argparse.HelpFormatter):
    """
    Writes help as wide as the terminal.

    argparse makes one for each option that is added, and without a width imports shutil.
    """

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


class GuessingParser(argparse.ArgumentParser):
    """Parses arguments, and of those that are wrong says what could be meant."""

    def __init__(self, *arguments: Any, **how: Any) -> None:
        super().__init__(*arguments, **{"formatter_class": _Formatter, **how})

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        """Read a value; an option's path may begin with ``~``, which shells leave alone there."""
        if action.option_strings and action.metavar in _PLACES:
            arg_string = os.path.expanduser(arg_string)
        return super()._get_value(action, arg_string)

    def _print_message(self, message: str, file: Any = None) -> None:
        """Write help, or what is wrong; that help cannot be written, argparse would ignore."""
        if file is sys.stdout:
            file.write(message)
        else:
            super()._print_message(message, file)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and of many choices only those that could be meant."""
        self._refuse_option(message)
        if (wrong := re.search(_WRONG_CHOICE, message)) is not None:
            from difflib import get_close_matches

            from p2p_twisted.console.spelling import ELSEWHERE

            choices = re.findall(_CHOICE, wrong["choices"])
            near = [word for word in ELSEWHERE.get(wrong["typed"], ()) if word in choices]
            near = near or get_close_matches(wrong["typed"], choices)
            meant = f"did you mean {' or '.join(near)}?" if near else f"see {self.prog} --help"
            if len(choices) <= _FEW and not near:
                meant = f"say {' or '.join(choices)}"
            self.exit(Exit.USAGE, f"{self.prog}: there is no {wrong['typed']!r}: {meant}\n")
        if message.endswith(_NO_VERB):
            message = f"say what to do, such as {self.prog} up; {self.prog} --help lists it all"
        elif "--help" not in message:
            message = f"{message}; see {self.prog} --help"
        self.exit(Exit.USAGE, f"{self.prog}: {message}\n")

    def _refuse_option(self, message: str) -> None:
        """Say which option could be meant, if a word is nearly one."""
        if not message.startswith(_UNKNOWN):
            return
        from difflib import get_close_matches

        known = [option[2:] for action in self._actions for option in action.option_strings]
        for word in message.removeprefix(_UNKNOWN).removesuffix(_DASHED).split():
            typed = word.partition("=")[0]
            if typed.startswith("--") and typed[2:] in known:
                self.exit(Exit.USAGE, f"{self.prog}: say {self.prog} {word}, in this order\n")
            near = get_close_matches(typed[2:], known, cutoff=_ALIKE)
            near = near or [each for each in known if typed[2:] and each.startswith(typed[2:])]
            if typed == "--port" and "listen" in known:
                near.insert(0, "listen")
            if typed.startswith("--") and near:
                meant = " or ".join(f"--{each}" for each in near)
                self.exit(Exit.USAGE, f"{self.prog}: there is no {typed}: did you mean {meant}?\n")


class CommandParser(GuessingParser):
    """Parses the arguments of a command, or of one of its verbs."""

    # Not marked as overrides: to import what marks them takes a fifth of the time of a command.

    _words: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse words, and note as ``parser`` whose arguments some are not: the verb's, if any."""
        self._words = args or ()
        found, behind = super().parse_known_args(args, namespace)
        if not hasattr(found, "parser"):
            found.parser = self
        return found, behind

    def refuse(self, behind: Sequence[str]) -> NoReturn:
        """Say that words are no arguments; where names are taken, that quotes may be missing."""
        is_names = not any(word.startswith("-") for word in behind)
        hint = " (quote what has spaces)" if self._takes_names and is_names else ""
        self.error(f"{_UNKNOWN}{' '.join(behind)}{hint}")

    def error(self, message: str) -> NoReturn:
        """Say what is wrong; where names are taken, how to type one that looks like an option."""
        ahead = next(iter(self._words), "")
        if self._subparsers and ahead.startswith("--") and not self._is_known(ahead):
            # What follows may be its value, and was taken for a verb.
            message = f"{_UNKNOWN}{ahead}"
        dashed = any(word.startswith("-") and not self._is_option(word) for word in self._words)
        if self._takes_names and dashed:
            message += f" {_DASHED}"
        super().error(message)

    @property
    def _takes_names(self) -> bool:
        # A verb is none.
        return not self._subparsers and any(not each.option_strings for each in self._actions)

    def _is_known(self, word: str) -> bool:
        return word.partition("=")[0] in self._option_string_actions

    def _is_option(self, word: str) -> bool:
        """Return whether a word is meant as an option; a single ``-`` is a place, too."""
        return word == "-" or word.startswith("--") or word in self._option_string_actions


def _columns() -> int:
    with suppress(ValueError, OSError):
        return int(os.environ.get("COLUMNS") or os.get_terminal_size(1).columns) or _COLUMNS
    return _COLUMNS
