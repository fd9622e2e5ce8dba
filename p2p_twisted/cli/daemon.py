"""``p2p peer``, ``p2p registry`` and ``p2p config``: start a daemon, or say with what it would."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from p2p_twisted.cli.answers import say
from p2p_twisted.cli.background_start import start_in_background
from p2p_twisted.cli.command_parser import GuessingParser
from p2p_twisted.cli.config_file import (
    BadConfig,
    ConfigFile,
    config_path,
    read_config,
    usual_config_path,
)
from p2p_twisted.cli.daemon_options import (
    TWISTD_OPTIONS,
    Kind,
    KnownOptions,
    add_daemon_options,
    daemon_options,
    daemon_word,
)
from p2p_twisted.cli.settings_of import Setting, check_variables, origins, settings_of
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.trust.invite import INVITE_VARIABLE

DESCRIPTIONS: Final[Mapping[Kind, str]] = {
    "peer": "Start a peer. It shares a directory, finds and downloads files.",
    "registry": "Start a registry. It introduces peers to each other. 'p2p registry copy' gives"
    " another store what one has: see its --help.",
}
_HOW: Final = (
    "Each option may also be set by an environment variable, or in the configuration:"
    " 'p2p config' says what holds. An option comes before the environment, and that before the"
    " configuration. See also --help of twistd's {daemon}, which is what this starts."
)


_RELAY: Final = ("--name=relay", "--relay=100M")
_RELAY_DESCRIPTION: Final = (
    "Start a peer that is there to relay, on a machine that all can dial, such as the registry's:"
    f" it is 'p2p peer {' '.join(_RELAY)}', and takes the same options. Peers that nobody can dial,"
    " as behind NAT or firewalls, find neighbors in it, and exchange files through it."
)


def daemon_parser(kind: Kind, verb: str | None = None) -> argparse.ArgumentParser:
    """
    Make the parser of a verb that starts a daemon.

    :param verb: that one; by default what it starts.
    """
    epilog = _HOW.format(daemon=daemon_word(kind))
    text = _RELAY_DESCRIPTION if verb == "relay" else DESCRIPTIONS[kind]
    parser = GuessingParser(
        prog=f"p2p {verb or kind}", description=text, epilog=epilog, allow_abbrev=False
    )
    add_daemon_options(parser, kind)
    return parser


def run_relay(words: Sequence[str]) -> int:
    """Run a peer that is there to relay: what is said of it by options counts more."""
    return run_daemon("peer", [*_RELAY, *words], "relay")


def run_daemon(kind: Kind, words: Sequence[str], verb: str | None = None) -> int:
    """
    Run a daemon in this process as twistd does; it ends the process itself, unless it fails.

    :param verb: by which it was asked for; by default what it is.
    """
    given = vars(daemon_parser(kind, verb).parse_args(words))
    try:
        config = _config(given.get("config"), kind)
        settings = settings_of(kind, daemon_options(kind), given, os.environ, config)
    except BadConfig as error:
        sys.stderr.write(f"{error}\n")
        return Exit.USAGE
    twistd = [f"--{each}={given[each]}" for each in TWISTD_OPTIONS if each in given]
    if "background" not in given:
        twistd.insert(0, "--nodaemon")
    arguments = [each.argument for each in settings if each.argument is not None]
    if "background" in given and (status := start_in_background(_codes(settings))) is not None:
        return status
    try:
        return run_twistd(f"p2p {verb or kind}", [*twistd, daemon_word(kind), *arguments])
    except SystemExit as ended:
        # What was refused came from somewhere, which the one who typed the command may not know.
        sys.stderr.writelines(f"{line}\n" for line in origins(str(ended.__cause__), settings))
        raise


def _codes(settings: Sequence[Setting]) -> set[str]:
    """List the invites that this program was started with."""
    given = [str(each.value) for each in settings if each.name == "join" and each.value]
    return {*given, *filter(None, [os.environ.get(INVITE_VARIABLE)])}


def run_twistd(program: str, words: Sequence[str]) -> int:
    """
    Run twistd in this process, which it ends itself, unless it fails.

    :param program: what people have called it by.
    """
    sys.argv = [program, *words]
    from twisted.scripts.twistd import run

    run()
    return Exit.DONE


def peer_settings() -> dict[str, str | bool | None]:
    """
    Return what a peer that is started here takes, by the names of its options.

    :raises BadConfig: when the configuration cannot be meant.
    """
    config = _config(None)
    given = {"name": next(iter(config.peers))} if config.peers else {}
    return {each.name: each.value for each in _of_peer(config, given)}


def show_config(options: argparse.Namespace) -> int:
    """Say what holds for the daemons, and from where it comes; return the exit status."""
    try:
        config = _config(options.config)
        shown = dict(_shown_sections(config, options.name))
    except BadConfig as error:
        sys.stderr.write(f"{error}\n")
        return Exit.USAGE
    answer = {
        "path": None if config.path is None else str(config.path),
        "sections": {
            title: {each.name: {"value": each.shown, "from": each.origin} for each in settings}
            for title, settings in shown.items()
        },
    }
    return say(options, answer, lambda _answer: _lines(config, shown))


def _shown_sections(config: ConfigFile, name: str | None) -> list[tuple[str, list[Setting]]]:
    """Decide for the named peer, or for each of the configuration, and for a registry."""
    if name is not None:
        peers = [("peer", _of_peer(config, {"name": name}))]
    elif len(config.peers) > 1:
        peers = [(f"peer.{each}", _of_peer(config, {"name": each})) for each in config.peers]
    else:
        peers = [("peer", _of_peer(config, {}))]
    registry = settings_of("registry", daemon_options("registry"), {}, os.environ, config)
    return [*peers, ("registry", registry)]


def _lines(config: ConfigFile, shown: Mapping[str, Sequence[Setting]]) -> list[str]:
    from p2p_twisted.cli.show import width
    from p2p_twisted.console.layout import table

    lines = [str(config.path or f"there is no {usual_config_path() or 'configuration'}")]
    for title, settings in shown.items():
        lines += ["", f"[{title}]"]
        rows = [(each.name, _shown(each.shown), each.origin) for each in settings]
        lines += table(rows, width())
    return lines


def _shown(value: str | bool | None) -> str:
    return (
        "-"
        if value is None
        else str(value).lower()
        if isinstance(value, bool)
        else value.replace("\n", ", ")
    )


def _of_peer(config: ConfigFile, given: Mapping[str, str | bool]) -> list[Setting]:
    return settings_of("peer", daemon_options("peer"), given, os.environ, config)


def _config(given: object, kind: Kind = "peer") -> ConfigFile:
    known = KnownOptions(kind)
    check_variables(os.environ, known)
    return read_config(config_path(str(given) if given else None), known)
