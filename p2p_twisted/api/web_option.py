"""The option of a daemon that lets programs talk to it over TCP."""

import os
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from twisted.python.usage import UsageError
from typing_extensions import override

from p2p_twisted.api.web_access import WebAccess, new_token
from p2p_twisted.runtime.amounts import whole_number
from p2p_twisted.runtime.lone_option import refuse_alone
from p2p_twisted.runtime.os_errors import in_words
from p2p_twisted.runtime.twistd import DaemonOptions, expanded

_PORTS: Final = range(65_536)
_PRIVATE: Final = 0o600
_TOKEN_CHARACTERS: Final = 32


class WebOptions(DaemonOptions):
    """
    Options of a daemon that may have a port for its API, with or without a number.

    :cvar with_or_without_port: options that take a port, or nothing for any free one.
    """

    with_or_without_port: tuple[str, ...] = ("web",)

    optParameters = [
        [
            "web",
            None,
            None,
            "Let programs that know the token talk to it at this port of loopback, too; at any"
            " free one without a number.",
        ],
        [
            "web-token",
            None,
            None,
            "The file that has the token, made if it is missing; another token each time without.",
        ],
    ]

    @override
    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        flags = [f"--{name}" for name in self.with_or_without_port]
        super().parseOptions(None if options is None else list(_with_port(options, flags)))

    @override
    def postOptions(self) -> None:
        self["web"] = read_port("web", self["web"])
        if self["web"] is None:
            refuse_alone("web-token", "web")
        if (path := self["web-token"]) is not None:
            self["web-token"] = _token(expanded("web-token", path))
        super().postOptions()

    def web_access(self) -> WebAccess | None:
        """Return who may talk to the daemon on TCP; ``None`` for nobody."""
        if self["web"] is None:
            return None
        return WebAccess(self["web"], self["web-token"] or new_token())


def read_port(option: str, port: str | int | None) -> int | None:
    """
    Read the port that an option takes; 0 is any free one.

    :raises UsageError: when it is none.
    """
    if port is None:
        return None
    number = whole_number(str(port), _PORTS)
    if number is None:
        raise UsageError(f"--{option} takes a port, or nothing for any free one, not {port!r}")
    return number


def _token(path: Path) -> str:
    """
    Read a token that outlasts this run, so that other programs can be told its file.

    :raises UsageError: when there is none, or others can read it.
    """
    try:
        if not path.exists():
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            with open(os.open(path, flags, _PRIVATE), "w") as made:
                made.write(new_token())
        if path.stat().st_mode & ~_PRIVATE & 0o777:
            raise UsageError(f"--web-token: others can read {path}: chmod 600 it")
        token = path.read_text("ascii").strip()
    except (OSError, ValueError) as error:
        raise UsageError(f"--web-token: {in_words(error)}") from None
    if len(token) < _TOKEN_CHARACTERS:
        raise UsageError(f"--web-token: {path} must have {_TOKEN_CHARACTERS} characters or more")
    return token


def _with_port(words: Sequence[str], flags: Sequence[str]) -> Iterator[str]:
    """Give options the argument that they must have for twistd, where they have none."""
    for word, following in pairwise((*words, "")):
        yield f"{word}=0" if word in flags and not following.isdecimal() else word
