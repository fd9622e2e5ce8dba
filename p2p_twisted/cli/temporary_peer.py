"""Start a peer for one command: it shares nothing, and leaves nothing behind."""

import argparse
import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from p2p_twisted.api.socket_index import running_peers
from p2p_twisted.cli.delivery import check_folder
from p2p_twisted.cli.get_verb import STDOUT
from p2p_twisted.cli.lent_membership import lend
from p2p_twisted.cli.local_daemons import Daemon, Daemons
from p2p_twisted.cli.local_network import twistd
from p2p_twisted.cli.peer_client import CommandFailed, PeerClient
from p2p_twisted.cli.signals import Interrupted, Signals
from p2p_twisted.cli.temporary_folder import temporary_folder
from p2p_twisted.runtime.exit_status import Exit, after_signal
from p2p_twisted.runtime.os_errors import in_words
from p2p_twisted.trust.invite import INVITE_VARIABLE

_JOIN_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.1
_ANSWER_SECONDS: Final = 5.0
"""How long the peer may take to say how it stands."""

_DEATH_SECONDS: Final = 0.5
"""How long it takes to see that a peer that breaks off has ended."""

_ASIDE: Final = "see twistd "
_JOIN: Final = "with --join"
_TAKEN: Final = ": choose another one"
_OF_PEERS: Final = ("--interface", "--advertise")
"""Options that commands do not have which start a peer for themselves."""


@contextmanager
def temporary_peer(options: argparse.Namespace) -> Iterator[PeerClient]:
    """
    Run a peer in the network of a registry, for as long as the block runs.

    A signal that asks this process to end does so at once, and the peer is ended then as well.

    :raises CommandFailed: when it cannot run, or does not get into the network.
    :raises SystemExit: after such a signal, with what a shell reports then.
    """
    with Signals() as signals:
        try:
            with temporary_folder() as (directory, lock):
                # There, no other command takes the peer for one that stays.
                os.environ["XDG_RUNTIME_DIR"] = str(directory)
                daemons = Daemons(directory / "logs", signals)
                try:
                    command = _command(options, directory)
                    # It may live on for a moment where this process is killed.
                    peer = daemons.start("peer", command, pass_fds=(lock,), **_HOW)
                    yield from _joined(peer, daemons, signals)
                finally:
                    signals.ignore()
                    daemons.end()
        except Interrupted as interrupted:
            raise SystemExit(after_signal(interrupted.number)) from None
        except OSError as error:
            raise CommandFailed(Exit.DISK, in_words(error)) from None
        finally:
            signals.ignore()


# Without this process there is no writer to its input, and so it leaves.
_HOW: Final = {"stdin": subprocess.PIPE, "start_new_session": True}


def _command(options: argparse.Namespace, directory: Path) -> list[str]:
    """Write the command line of such a peer."""
    shared, downloads = directory / "shared", directory / "downloads"
    shared.mkdir()
    downloads.mkdir()
    to = getattr(options, "to", STDOUT)
    if to != STDOUT:
        downloads = check_folder(to or os.curdir)
    member = getattr(options, "member", None)
    name = lend(member, directory / "state") if member else f"get-{secrets.token_hex(4)}"
    arguments = [
        "p2ppeer",
        f"--name={name}",
        f"--registry={options.registry}",
        *([f"--network={options.network}"] if options.network else []),
        f"--directory={shared}",
        f"--downloads={downloads}",
        f"--state={directory / 'state'}",
        # What others push is not for a command that fetches something else.
        "--accept=none",
        "--leave-at-end",
        "--once",
    ]
    if options.insecure_lan:
        arguments.append("--insecure-lan")
    return [*twistd(directory / "logs" / "peer.log", arguments)]


def _joined(peer: Daemon, daemons: Daemons, signals: Signals) -> Iterator[PeerClient]:
    """Wait until the peer is in the network; give it to the block, and say if it died then."""
    deadline = time.monotonic() + _JOIN_SECONDS
    while not peer.is_ready:
        if not peer.is_alive:
            raise _failed(peer)
        if time.monotonic() > deadline:
            raise CommandFailed(Exit.NO_NETWORK, "the registry lets nobody in: try again later")
        for client in _clients():
            fault = _status_fault(client)
            if fault is not None:
                raise refused(fault)
        if signals.wait(_LOOK_SECONDS, [peer.fileno()]):
            peer.take_notice()
    [client] = _clients()
    try:
        with signals.raised():
            yield PeerClient(client.place)
    except CommandFailed as failed:
        if failed.code == Exit.NO_NETWORK and not daemons.wait_for_end([peer], _DEATH_SECONDS):
            raise _failed(peer) from None
        raise


def _status_fault(client: PeerClient) -> str | None:
    with suppress(CommandFailed):
        fault: str | None = client.get("/v1/status")["registry_fault"]
        return fault
    return None


def _clients() -> list[PeerClient]:
    return [PeerClient(place, _ANSWER_SECONDS) for place in running_peers()]


def _failed(peer: Daemon) -> CommandFailed:
    """Say why the peer has ended, in its own words."""
    said = [line for line in peer.said() if not line.startswith(_ASIDE)]
    status = peer.process.returncode
    is_known = status in tuple(Exit) and said
    why = (
        for_command(said[-1])
        if is_known
        else f"the peer for this command ended early:{peer.tail()}"
    )
    return CommandFailed(status if is_known else Exit.UNEXPECTED, why)


def refused(why: str) -> CommandFailed:
    """Say why a peer does not get into the network."""
    code = Exit.CONFLICT if why.endswith(_TAKEN) else Exit.NO_NETWORK
    return CommandFailed(code, for_command(why))


def for_command(why: str) -> str:
    """Say why a peer cannot run; where it is told to take another option, who takes that."""
    if why.endswith(_TAKEN):
        # Only a member whose own files were named has a name that another one may have.
        taken = why.removesuffix(_TAKEN)
        return f"{taken}: its peer runs elsewhere, or another command is that member now"
    if _JOIN in why:
        return f"{why}; here, set {INVITE_VARIABLE}, or say --state with a member's own files"
    named = [option for option in _OF_PEERS if option in why]
    if not named:
        return why
    return f"{why}; only p2p peer takes {' and '.join(named)}: start one, and then ask that"
