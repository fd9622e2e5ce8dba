"""Be, for one command, the member of a private network that a peer is which does not run."""

import argparse
from pathlib import Path

from p2p_twisted.api.socket_index import running_peers
from p2p_twisted.cli.peer_client import CommandFailed
from p2p_twisted.peer.private_member import PrivateMember, load_member, save_member
from p2p_twisted.registry.location import show_location
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.trust.anchor import VerifiedCertificate
from p2p_twisted.trust.key_folder import KeyFileFault
from p2p_twisted.wire.names import PeerName


def take_member(options: argparse.Namespace) -> None:
    """
    Read the member that ``--state`` is, and take its registry unless another one is said.

    :raises CommandFailed: when there is none, it cannot be read, or runs.
    """
    try:
        member = load_member(Path(options.state))
    except KeyFileFault as fault:
        raise CommandFailed(Exit.DISK, str(fault)) from None
    if member is None:
        raise CommandFailed(
            Exit.USAGE,
            f"--state takes the own files of a member of a private network, such as anna/.p2p:"
            f" {options.state} has none",
        )
    name = _name_of(member)
    if any(place.name == name for place in running_peers()):
        raise CommandFailed(Exit.CONFLICT, f"{name} runs: say --peer {name} in place of --state")
    options.member = member
    if options.registry is None:
        options.registry = show_location(*member.registry)


def lend(member: PrivateMember, state: Path) -> PeerName:
    """
    Let a peer that has a state of its own be a member, too; return by which name.

    :raises CommandFailed: when its files cannot be written.
    """
    try:
        save_member(state, member)
    except KeyFileFault as fault:
        raise CommandFailed(Exit.DISK, str(fault)) from None
    return _name_of(member)


def _name_of(member: PrivateMember) -> PeerName:
    return VerifiedCertificate.read(member.credentials.certificate).identity.name
