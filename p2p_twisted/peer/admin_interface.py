"""What an admin of a private network asks of its peer: the door for every face."""

from collections.abc import Coroutine
from typing import Any

from zope.interface import Interface

from p2p_twisted.wire.messages import Listed, ListRecords, MakeInvite
from p2p_twisted.wire.names import PeerName


class IAdmin(Interface):
    """
    Says who is in a private network.

    Every method raises :class:`PeerError` where this peer may not, or the registry cannot be
    reached.
    """

    def invite(terms: MakeInvite) -> Coroutine[Any, Any, str]:
        """Make an invite; return its code."""

    def records(asked: ListRecords) -> Coroutine[Any, Any, Listed]:
        """List who is a member, or which invites are open: some at a time."""

    def void(invite: str) -> Coroutine[Any, Any, None]:
        """
        Have an invite let nobody in any more.

        :param invite: its id.
        """

    def revoke(name: PeerName) -> Coroutine[Any, Any, None]:
        """Have no certificate of a name count that was issued so far."""

    def publish(statement: str) -> Coroutine[Any, Any, None]:
        """Have what the key of the network's root has signed count everywhere."""
