"""Read the configuration file; what it cannot mean is refused, with what was probably meant."""

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from p2p_twisted.cli.daemon_options import KINDS, SHARE, Kind
from p2p_twisted.runtime.os_errors import in_words

CONFIG_VARIABLE: Final = "P2P_CONFIG"
_PLACE: Final = Path("p2p-twisted", "config.toml")
_LARGEST_BYTES: Final = 1_048_576
_EXPECTED: Final = "there is [peer], [peer.NAME], [peer.share] and [registry]"


class BadConfig(Exception):
    """The configuration cannot be meant; the text says where, and what to do."""


class ConfigSection(NamedTuple):
    """
    A section of the file.

    :ivar title: as it is in the file: ``[peer.s1]``.
    :ivar values: text, and ``True`` or ``False`` for options without a value.
    """

    title: str
    values: Mapping[str, str | bool]


class ConfigFile(NamedTuple):
    """
    What a configuration file says.

    :ivar path: ``None`` if there is no file.
    :ivar peers: the sections for peers of a certain name.
    """

    path: Path | None
    common: Mapping[Kind, ConfigSection]
    peers: Mapping[str, ConfigSection]

    def sections(self, kind: Kind, name: str | None) -> Sequence[ConfigSection]:
        """Return those that hold for a daemon, the one that counts most first."""
        own = [self.peers[name]] if kind == "peer" and name and name in self.peers else []
        return [*own, self.common[kind]]


def config_path(given: str | None) -> Path | None:
    """
    Return where the configuration is: as an option or the environment says, or its usual place.

    :returns: ``None`` if there is none in its usual place.
    """
    named = given or os.environ.get(CONFIG_VARIABLE) or None
    if named is not None:
        return Path(named).absolute()
    usual = usual_config_path()
    # HOME may be another user's, as under sudo -u, and then nothing in it is for this one.
    return usual if usual is not None and os.path.exists(usual) else None


def usual_config_path() -> Path | None:
    """Return where a configuration is looked for; ``None`` for a user without a home."""
    folder = os.environ.get("XDG_CONFIG_HOME", "")
    if os.path.isabs(folder):
        return Path(folder) / _PLACE
    try:
        return Path.home() / ".config" / _PLACE
    except RuntimeError:
        return None


def read_config(path: Path | None, options: Mapping[Kind, Mapping[str, bool]]) -> ConfigFile:
    """
    Read a configuration.

    :param options: the names of each daemon's options, and whether they take no value.
    :raises BadConfig: when it cannot be read, or says what nobody knows.
    """
    content = {} if path is None else _load(path)
    for word in content:
        if word not in KINDS:
            raise BadConfig(f"{path}: nobody knows {word}{_meant(word, KINDS)} ({_EXPECTED})")
    common: dict[Kind, ConfigSection] = {}
    peers: dict[str, ConfigSection] = {}
    for kind in KINDS:
        if kind not in content:
            # To look its options up would import that daemon.
            common[kind] = ConfigSection(f"[{kind}]", {})
            continue
        table, known = content[kind], options[kind]
        if not isinstance(table, dict):
            raise BadConfig(f"{path}: {kind} is no section: write [{kind}]")
        inner = {key: value for key, value in table.items() if isinstance(value, dict)}
        outer = {key: value for key, value in table.items() if key not in inner}
        if kind == "registry" and inner:
            raise BadConfig(f"{path}: nobody knows [registry.{next(iter(inner))}]; {_EXPECTED}")
        if SHARE in inner:
            outer |= _shares(f"{path}: [peer.{SHARE}]", inner.pop(SHARE))
        common[kind] = _section(f"{path}: [{kind}]", f"[{kind}]", outer, known)
        for name, values in inner.items():
            title = f"[{kind}.{name}]"
            if (other := peers.get(name.lower())) is not None:
                one = f"{other.title} and {title} are one peer"
                raise BadConfig(f"{path}: {one}: put them together")
            peers[name.lower()] = _section(f"{path}: {title}", title, values, known)
    return ConfigFile(path, common, peers)


def _load(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
        if len(content) > _LARGEST_BYTES:
            raise BadConfig(f"{path} is too large for a configuration")
        return tomllib.loads(content.decode())
    except OSError as error:
        raise BadConfig(f"the configuration cannot be read: {in_words(error)}") from None
    except UnicodeDecodeError:
        raise BadConfig(f"{path} is no text in UTF-8: save it as such") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadConfig(f"{path}: {error}") from None


def _section(
    where: str, title: str, table: Mapping[str, object], options: Mapping[str, bool]
) -> ConfigSection:
    values: dict[str, str | bool] = {}
    for key, value in table.items():
        if key not in options:
            raise BadConfig(f"{where} knows no {key}{_meant(key, options)}")
        if options[key] != isinstance(value, bool):
            takes = "true or false" if options[key] else "a value, such as text in quotes"
            raise BadConfig(f"{where}: {key} takes {takes}")
        if not isinstance(value, bool | str | int | float):
            raise BadConfig(f"{where}: {key} takes one value, such as text in quotes")
        values[key] = value if isinstance(value, bool) else str(value)
    return ConfigSection(title, values)


def _shares(where: str, table: Mapping[str, object]) -> Mapping[str, object]:
    for name, value in table.items():
        if not isinstance(value, str) or "\n" in name + value:
            raise BadConfig(f"{where}: {name} takes a directory, in quotes")
    return {SHARE: "\n".join(f"{name}={value}" for name, value in table.items())}


def _meant(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word.replace("_", "-").lower(), list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
