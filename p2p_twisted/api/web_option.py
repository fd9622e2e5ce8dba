"""The option of a daemon that lets programs talk to it over TCP."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from twisted.python.usage import UsageError
from typing_extensions import override

from p2p_twisted.runtime.twistd import DaemonOptions

_FLAG: Final = "--web"
_PORTS: Final = range(65_536)


class WebOptions(DaemonOptions):
    """Options of a daemon that may have a port for its API, with or without a number."""

    optParameters = [
        [
            "web",
            None,
            None,
            "Let programs that know the token talk to it at this port of loopback, too; at any"
            " free one without a number.",
        ],
    ]

    @override
    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        super().parseOptions(None if options is None else list(_with_port(options)))

    @override
    def postOptions(self) -> None:
        if (port := self["web"]) is not None:
            if not str(port).isdecimal() or int(port) not in _PORTS:
                raise UsageError(f"--web takes a port, or nothing for any free one, not {port!r}")
            self["web"] = int(port)
        super().postOptions()


def _with_port(words: Sequence[str]) -> Iterator[str]:
    """Give the option the argument that it must have for twistd, where it has none."""
    for word, following in pairwise((*words, "")):
        yield f"{_FLAG}=0" if word == _FLAG and not following.isdecimal() else word
