"""The options of the two daemons, as ``p2p peer`` and ``p2p registry`` take them."""

import argparse
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final, Literal, NamedTuple

from typing_extensions import override

from p2p_twisted.cli.option_actions import joined_by

Kind = Literal["peer", "registry"]

KINDS: Final[tuple[Kind, ...]] = ("peer", "registry")
TWISTD_OPTIONS: Final = ("logfile", "pidfile", "rundir")
"""Those of twistd itself that are of use here."""

_OWN: Final = (
    ("background", None, "run in the background; without it, until it ends"),
    ("config", "FILE", "read this configuration; p2p config says what holds"),
    ("logfile", "FILE", "where to log; - for standard output"),
    ("pidfile", "FILE", "where the process id is, in the background"),
    ("rundir", "DIR", "where to run; paths are relative to that"),
)
_METAVARS: Final = {
    "registry": "HOST:PORT",
    "directory": "DIR",
    "share": "NAME=DIR",
    "downloads": "DIR",
    "state": "DIR",
    "interface": "IP",
    "advertise": "IP",
    "max-up": "RATE",
    "max-down": "RATE",
    "max-transfers": "N",
    "relay": "RATE",
    "accept": "WHOSE",
    "accept-most": "SIZE",
    "accept-into": "FOLDER",
    "results": "FD",
    "listen": "HOST:PORT",
    "ports": "FIRST-LAST",
    "store": "STORE",
    "etcd-ca": "FILE",
    "etcd-certificate": "FILE",
    "etcd-login": "FILE",
    "log-format": "FORMAT",
    "web": "PORT",
    "gateway": "PORT",
    "origin": "URL",
    "events": "FILE",
    "events-size": "SIZE",
}


_WITH_OR_WITHOUT: Final = ("web", "gateway")
"""Options whose value is a port; without one, any free port."""


SHARE: Final = "share"
"""Its value has a line for each directory."""

_SEPARATORS: Final = {SHARE: "\n", "registry": ",", "accept": ","}
"""Of options that may be repeated."""


class DaemonOption(NamedTuple):
    """
    An option of a daemon.

    :ivar default: what holds where nobody says anything else; ``None`` for nothing.
    """

    name: str
    help: str
    default: str | None
    is_flag: bool


class KnownOptions(Mapping[Kind, Mapping[str, bool]]):
    """
    The names of each daemon's options, and whether they take no value.

    They are looked up when somebody asks: to import the other daemon takes long, and memory.

    :param first: whose options are known anyway.
    """

    def __init__(self, first: Kind) -> None:
        self._kinds = sorted(KINDS, key=lambda kind: kind != first)

    @override
    def __getitem__(self, kind: Kind) -> Mapping[str, bool]:
        return {each.name: each.is_flag for each in daemon_options(kind)}

    @override
    def __iter__(self) -> Iterator[Kind]:
        return iter(self._kinds)

    @override
    def __len__(self) -> int:
        return len(self._kinds)


def daemon_options(kind: Kind) -> list[DaemonOption]:
    """List a daemon's options; this imports Twisted, and the daemon."""
    from twisted.python.reflect import accumulateClassList

    parameters: list[Any] = []
    flags: list[Any] = []
    accumulateClassList(_options_class(kind), "optParameters", parameters)
    accumulateClassList(_options_class(kind), "optFlags", flags)
    return [
        *(DaemonOption(name, text, default, False) for name, _, default, text, *_ in parameters),
        *(DaemonOption(name, text, None, True) for name, _, text in flags),
    ]


def daemon_word(kind: Kind) -> str:
    """Return what twistd calls a daemon."""
    return {"peer": "p2ppeer", "registry": "p2pmeta"}[kind]


def add_daemon_options(parser: argparse.ArgumentParser, kind: Kind) -> None:
    """Add a daemon's options; those that are not given are not there afterwards."""
    for name, metavar, text in _OWN:
        _add(parser, name, text, metavar)
    for option in daemon_options(kind):
        metavar = None if option.is_flag else _METAVARS.get(option.name, "NAME")
        default = f" [{option.default}]" if option.default else ""
        _add(parser, option.name, option.help + default, metavar)


def _add(parser: argparse.ArgumentParser, name: str, text: str, metavar: str | None) -> None:
    how: Any = {"action": "store_true"} if metavar is None else {"metavar": metavar}
    if name in _WITH_OR_WITHOUT:
        how |= {"nargs": "?", "const": "0"}
    if name in _SEPARATORS:
        how |= {"action": joined_by(_SEPARATORS[name])}
    text = text.replace("%", "%%")
    parser.add_argument(f"--{name}", dest=name, default=argparse.SUPPRESS, help=text, **how)


def _options_class(kind: Kind) -> Any:
    # As twistd finds it.
    plugin = import_module("twisted.plugins.p2p_twisted_plugin")
    return getattr(plugin, daemon_word(kind)).options
