"""What makes a peer a member of a private network while it runs."""

import time
from collections.abc import Callable
from pathlib import Path

from attrs import frozen

from p2p_twisted.peer.network_statements import NetworkStatements
from p2p_twisted.peer.private_member import PrivateMember, member_folder
from p2p_twisted.runtime.reactor import Reactor
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.tls import TlsSecurity


@frozen
class PrivatePart:
    """
    A peer's certificate at work.

    :ivar member: what it was when the peer started.
    :ivar security: encrypts all connections to others.
    :ivar statements: judges and signs what is said to the whole network.
    """

    member: PrivateMember
    security: TlsSecurity
    statements: NetworkStatements


def private_part(
    member: PrivateMember | None,
    reactor: Reactor,
    state: Path,
    offload: Offload,
    date: Callable[[], float] = time.time,
) -> PrivatePart | None:
    """
    Put what is in a peer's own files to work, if it is a member; reads what it kept of revocations.

    :param state: the folder of these files.
    :param date: reads the time of day, in seconds since 1970.
    """
    if member is None:
        return None
    revocations = RevocationList(member.network)
    security = TlsSecurity(member.credentials, revocations, reactor, date=date)
    statements = NetworkStatements(
        member.network, security, folder=member_folder(state), offload=offload, date=date
    )
    statements.load()
    return PrivatePart(member, security, statements)
