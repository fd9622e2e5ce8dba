"""What two peers that cannot reach each other say to a third, which both of them can dial."""

import attrs

from p2p_twisted.wire.messages.message import Message
from p2p_twisted.wire.names import MessageId, PeerAddress, PeerName


@attrs.frozen
class Relay(Message):
    """
    Ask a neighbor to relay: to join this connection with one that another peer dials.

    :ivar name: of the peer that asks.
    :ivar peer: the one that is to be joined with it.
    """

    verb = "RELAY"

    name: PeerName
    peer: PeerName

    @property
    def sender(self) -> PeerName:
        """Its name."""
        return self.name


@attrs.frozen
class Placed(Message):
    """
    Granted: wait here, in silence, until the other peer has come.

    :ivar token: random; what the other peer must show within a few seconds.
    """

    verb = "PLACED"

    token: MessageId


@attrs.frozen
class Meet(Message):
    """
    Be joined with the peer that waits in a place: what comes next is from that one.

    :ivar name: of the peer that comes.
    :ivar token: of the place.
    """

    verb = "MEET"

    name: PeerName
    token: MessageId

    @property
    def sender(self) -> PeerName:
        """Its name."""
        return self.name


@attrs.frozen
class Met(Message):
    """The other peer has come: what is said from here on is said to that one."""

    verb = "MET"


@attrs.frozen
class Meeting:
    """
    Where two peers meet.

    :ivar at: the relay.
    :ivar token: of the place in which the requester waits there.
    """

    at: PeerAddress
    token: MessageId
