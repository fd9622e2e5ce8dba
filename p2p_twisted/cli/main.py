"""Parse the arguments of the ``p2p`` command; import little, so that it starts fast."""

import argparse
import errno
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

from p2p_twisted import __version__
from p2p_twisted.cli.command_parser import DAEMON, CommandParser
from p2p_twisted.cli.number_ranges import number_from
from p2p_twisted.cli.talk_options import add_shared, add_talk, take_behind, talk_verbs
from p2p_twisted.runtime.exit_status import Exit, after_signal
from p2p_twisted.runtime.os_errors import in_words

MOST_PEERS: Final = 200
"""Each is a process of about 40 MB."""


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the ``p2p`` command.

    :param arguments: the command line; by default this process's own.
    :returns: the exit status.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    _open_closed_streams()
    status: int = Exit.DONE
    try:
        try:
            status = _run(words)
        finally:
            sys.stdout.flush()
        return status
    except BrokenPipeError:
        # Nobody reads any more, and so nobody needs to be told.
        _drop_output()
        return Exit.UNEXPECTED
    except KeyboardInterrupt:
        # While what a verb needs was still being imported.
        return after_signal(_SIGINT)
    except OSError as error:
        if error.errno not in _UNWRITABLE or error.filename is not None:
            sys.stderr.write(f"p2p: {in_words(error)}\n")
            return Exit.DISK
        _drop_output()
        # Otherwise the verb has said so, and what it could not write is written here once more.
        if status != Exit.DISK:
            sys.stderr.write(f"cannot write the output: {in_words(error)}\n")
        return Exit.DISK


_SIGINT: Final = 2
"""That of :mod:`signal`, which few verbs need."""

_UNWRITABLE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


def _open_closed_streams() -> None:
    """Have what is written to a closed standard output or error go nowhere, and no other file."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_WRONLY)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            os.set_inheritable(number, True)
            stream = open(number, "w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
            vars(sys)[name] = vars(sys)[f"__{name}__"] = stream


def _drop_output() -> None:
    """Forget what is still to be written: Python would report once more at exit that it cannot."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(words: Sequence[str]) -> int:
    if words[:1] == ["help"]:
        # As at the console.
        words = [*words[1:2], "--help"]
    if words[:2] == ["registry", "copy"]:
        from p2p_twisted.cli.registry_copy import copy_registry

        return copy_registry(words[2:])
    if words[:1] == ["relay"]:
        from p2p_twisted.cli.daemon import run_relay

        return run_relay(words[1:])
    if words and (kind := _DAEMONS.get(words[0])) is not None:
        # Its options are the daemon's own, which only the daemon's modules know.
        from p2p_twisted.cli.daemon import run_daemon

        return run_daemon(kind, words[1:])
    if words[:1] == [DAEMON]:
        from p2p_twisted.cli.daemon import run_twistd

        return run_twistd("twistd", words[1:])
    if words[:1] == [_COMPLETE]:
        from p2p_twisted.cli.shell_completion import complete

        return complete(command_parser(), words[2:])
    parser = command_parser(words)
    options, behind = parser.parse_known_args(words)
    if behind and not take_behind(options, behind):
        options.parser.refuse(behind)
    run: Callable[[argparse.Namespace], int] = options.run
    return run(options)


_DAEMONS: Final[dict[str, Literal["peer", "registry"]]] = {
    "peer": "peer",
    "registry": "registry",
}

_COMPLETE: Final = "complete"
"""What the scripts of ``p2p completion`` ask, behind ``--``; no verb for people."""

# A verb's modules are imported when it runs, as help and errors do not need them.


def _up(options: argparse.Namespace) -> int:
    from p2p_twisted.cli.up import up

    return up(options.peers, options.script, options.keep)


def _replay(options: argparse.Namespace) -> int:
    from p2p_twisted.cli.replay_verb import replay

    return replay(options.file, options.url)


def _config(options: argparse.Namespace) -> int:
    from p2p_twisted.cli.daemon import show_config

    return show_config(options)


def _completion(options: argparse.Namespace) -> int:
    from p2p_twisted.cli.shell_completion import SCRIPTS

    sys.stdout.write(SCRIPTS[options.shell])
    return 0


def command_parser(words: Sequence[str] = ()) -> argparse.ArgumentParser:
    """
    Make the parser; that of the daemons' options is made by :mod:`p2p_twisted.cli.daemon`.

    :param words: what it is to parse: if a verb is the first, only that is made, as all take long.
    """
    parser: argparse.ArgumentParser = CommandParser(
        prog="p2p",
        description="Share files between machines by name, with no file server.",
        epilog="A network is a registry, 'p2p registry', and peers, 'p2p peer --name s1': "
        "see their --help.",
    )
    parser.add_argument("--version", action="version", version=f"p2p_twisted {__version__}")
    verbs = parser.add_subparsers(required=True, metavar="VERB", title="verbs")
    add_shared(parser)
    parser.set_defaults(peer=None, json=False)
    adders: dict[str, Callable[[Any], None]] = {
        "up": _add_up,
        **{verb: partial(_add_daemon, verb) for verb in (*_DAEMONS, "relay")},
        "config": _add_config,
        "sim": _add_sim,
        "replay": _add_replay,
        **{verb: partial(add_talk, verb) for verb in talk_verbs()},
        "completion": _add_completion,
    }
    for verb in words[:1] if words and words[0] in adders else adders:
        adders[verb](verbs)
    return parser


def _add_up(verbs: Any) -> None:
    up = verbs.add_parser(
        "up",
        help="start a whole network on this machine, to try it",
        description="Start a registry and some peers with sample files on this machine, in a "
        "temporary directory; this terminal becomes the console of s1. Everything ends and is "
        "removed when s1 ends: Stop, leave, Ctrl-D or Ctrl-C.",
    )
    up.add_argument(
        "peers",
        metavar="N",
        nargs="?",
        type=number_from(1, MOST_PEERS),
        default=5,
        help=f"how many peers, 1 to {MOST_PEERS} (default: 5)",
    )
    up.add_argument(
        "--script",
        metavar="FILE",
        type=_script,
        help="run the console lines in FILE instead of reading them from the terminal; "
        "exit with 0 only if every one of them succeeded",
    )
    up.add_argument(
        "--keep", action="store_true", help="do not remove the temporary directory at the end"
    )
    up.set_defaults(run=_up)


def _add_sim(verbs: Any) -> None:
    from p2p_twisted.cli.sim_options import add_sim

    add_sim(verbs)


def _add_replay(verbs: Any) -> None:
    replay = verbs.add_parser(
        "replay",
        help="play a recording in the browser",
        description="Open a page that shows what is in a recording: the map of the network as it"
        " was at any time, at any speed. --events of a peer or registry, p2p events --save and"
        " p2p sim --events make one.",
    )
    replay.add_argument("file", metavar="FILE", type=Path, help="the recording")
    replay.add_argument(
        "--url",
        action="store_true",
        help="write the page's address, which lets one browser in, within a minute",
    )
    replay.set_defaults(run=_replay)


def _add_completion(verbs: Any) -> None:
    completion = verbs.add_parser(
        "completion",
        help="write what has a shell complete what is typed behind p2p",
        description="Write a script for the start-up file of a shell. For bash, in ~/.bashrc:"
        ' eval "$(p2p completion bash)"; for zsh, in ~/.zshrc behind compinit:'
        ' eval "$(p2p completion zsh)"; for fish, in ~/.config/fish/config.fish:'
        " p2p completion fish | source",
    )
    completion.add_argument("shell", choices=("bash", "zsh", "fish"), help="which shell")
    completion.set_defaults(run=_completion)


def _add_daemon(kind: str, verbs: Any) -> None:
    verbs.add_parser(kind, help=f"start a {kind}; see its --help", add_help=False)


def _add_config(verbs: Any) -> None:
    config = verbs.add_parser(
        "config",
        help="show what is configured for them, and where",
        description="Show what holds for the daemons that 'p2p peer' and 'p2p registry' start, and"
        " whether an environment variable, the configuration or a default says so.",
    )
    config.add_argument("--name", metavar="NAME", help="the peer that is meant")
    config.add_argument("--config", metavar="FILE", help="read this configuration")
    config.add_argument("--json", action="store_true", help="answer in JSON")
    config.set_defaults(run=_config)


def _script(typed: str) -> list[str]:
    try:
        return Path(typed).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"cannot read {in_words(error)}") from None
    except UnicodeError:
        raise argparse.ArgumentTypeError(f"{typed!r} is not text in UTF-8") from None
