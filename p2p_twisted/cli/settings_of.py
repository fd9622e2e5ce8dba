"""Decide which settings hold for a daemon: by option, environment, configuration, or default."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from p2p_twisted.cli.config_file import CONFIG_VARIABLE, BadConfig, ConfigFile
from p2p_twisted.cli.daemon_options import DaemonOption, Kind

_TRUE: Final = ("1", "true", "yes", "on")
_FALSE: Final = ("0", "false", "no", "off")
_PREFIXES: Final[Mapping[Kind, str]] = {"peer": "P2P", "registry": "P2P_REGISTRY"}
_DEFAULT: Final = "default"
# Other programs may have variables that begin alike.
_LIKENESS: Final = 0.8


class Setting(NamedTuple):
    """
    What holds for an option.

    :ivar value: ``None`` for nothing.
    :ivar origin: who says so.
    """

    name: str
    value: str | bool | None
    origin: str

    @property
    def shown(self) -> str | bool | None:
        """What holds, for those who look; but an invite would let in whoever sees it."""
        if self.name == "join" and self.value and not str(self.value).startswith(("@", "-")):
            return "an invite, which is not shown"
        return self.value

    @property
    def argument(self) -> str | None:
        """The daemon's argument that says so; ``None`` if none is needed."""
        if self.origin == _DEFAULT or self.value in (None, False):
            return None
        return f"--{self.name}" if self.value is True else f"--{self.name}={self.value}"


def origins(complaint: str, settings: Iterable[Setting]) -> list[str]:
    """Say where the options are set that a complaint names, unless as options."""
    return [
        f"--{each.name} is set by {each.origin}"
        for each in settings
        if each.argument is not None
        and each.origin != f"--{each.name}"
        and re.search(rf"--{each.name}(?![\w-])", complaint)
    ]


def variable(kind: Kind, name: str) -> str:
    """Return the environment variable for an option."""
    return f"{_PREFIXES[kind]}_{name.replace('-', '_').upper()}"


def check_variables(environment: Mapping[str, str], options: Mapping[Kind, Iterable[str]]) -> None:
    """
    Look for variables that are probably meant for an option, and mistyped.

    :param options: the names of each daemon's options.
    :raises BadConfig: when there is one.
    """
    known = {CONFIG_VARIABLE, "P2P_PEER"}
    unknown = {name for name in environment if name.startswith("P2P_")} - known
    for kind in options:
        if not unknown:
            return
        known |= {variable(kind, name) for name in options[kind]}
        unknown -= known
    for name in sorted(unknown):
        for meant in difflib.get_close_matches(name, sorted(known), n=1, cutoff=_LIKENESS):
            raise BadConfig(f"nobody knows the variable {name}; did you mean {meant}?")


def settings_of(
    kind: Kind,
    options: Sequence[DaemonOption],
    given: Mapping[str, str | bool],
    environment: Mapping[str, str],
    config: ConfigFile,
) -> list[Setting]:
    """
    Decide what holds for each option of a daemon.

    :param given: the options that were given.
    :raises BadConfig: when somebody says what cannot be meant.
    """
    name = None
    if kind == "peer":
        name = _peer_name(given, environment, config)
    return [
        _setting(kind, name, each, given=given, environment=environment, config=config)
        for each in options
    ]


def _peer_name(
    given: Mapping[str, str | bool], environment: Mapping[str, str], config: ConfigFile
) -> str | None:
    """Return which peer is meant; the only one of the configuration, if nobody says."""
    said = (
        given.get("name")
        or environment.get(variable("peer", "name"))
        or config.common["peer"].values.get("name")
    )
    if said:
        return str(said).strip().lower()
    if len(config.peers) > 1:
        names = ", ".join(config.peers)
        raise BadConfig(f"{config.path} has several peers: {names}; say which, as in --name")
    return next(iter(config.peers), None)


def _setting(
    kind: Kind,
    peer: str | None,
    option: DaemonOption,
    *,
    given: Mapping[str, str | bool],
    environment: Mapping[str, str],
    config: ConfigFile,
) -> Setting:
    name = option.name
    if name in given:
        return Setting(name, given[name], f"--{name}")
    named = variable(kind, name)
    if environment.get(named):
        value = environment[named]
        return Setting(name, _truth(named, value) if option.is_flag else value, named)
    for section in config.sections(kind, peer):
        if name in section.values:
            return Setting(name, section.values[name], f"{config.path} {section.title}")
    if name == "name" and peer in config.peers:
        return Setting(name, peer, f"{config.path} [peer.{peer}]")
    return Setting(name, False if option.is_flag else option.default, _DEFAULT)


def _truth(named: str, text: str) -> bool:
    if text.lower() in (*_TRUE, *_FALSE):
        return text.lower() in _TRUE
    raise BadConfig(f"{named} takes true or false, not {text!r}")
