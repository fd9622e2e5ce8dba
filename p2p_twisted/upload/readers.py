"""Decide what a requester may read, by the certificate on its connection, and refuse the rest."""

from collections.abc import Callable, Collection
from typing import Protocol

from attrs import frozen

from p2p_twisted.upload.small_sender import SharedContent
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.names import PeerName


class Refusal(Protocol):
    """Tells the requester why a request is not served."""

    def __call__(self, reason: str, gone: bool = False, fetch: bool = False) -> None:
        """
        Refuse.

        :param gone: whether asking again is in vain.
        :param fetch: whether the requester may dial this peer, and name its ticket.
        """


@frozen
class Readers:
    """
    Knows who may read what.

    :ivar everybody: what all may read.
    :ivar of_groups: returns what may be read by who is in some groups; ``None`` where nothing is
        shared with groups.
    """

    everybody: SharedContent
    of_groups: Callable[[Collection[str]], SharedContent] | None = None

    def content_for(self, requester: PeerName, connection: Connection | None) -> SharedContent:
        """
        Return what a requester may read.

        :param connection: on which it has asked itself; ``None`` where others have passed that on,
            who can say what they like.
        """
        if self.of_groups is None or connection is None:
            return self.everybody
        shown = connection.gate.other_end
        if shown is None or shown.name != requester:
            return self.everybody
        return self.of_groups(shown.groups)
