"""What happens to a peer's registration, what is to be done about it, and how it stands."""

import attrs

from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.wire.messages import Join, Leave, Renew, Welcome
from p2p_twisted.wire.names import PeerAddress, Token

# Events


@attrs.frozen
class JoinBegun:
    """
    The peer wants to join; address and token are those of an earlier run, if any.

    Without one, the token is new.
    """

    last: PeerAddress | None = None
    token: Token | None = None


@attrs.frozen
class Listened:
    """The peer listens on the port that it was to listen on, or cannot."""

    is_listening: bool


@attrs.frozen
class NeighborsChanged:
    """A link began or ended; now there are so many."""

    number: int


@attrs.frozen
class AddressChanged:
    """The machine has another address, on which the peer is to listen from now on."""

    host: str


@attrs.frozen
class Woken:
    """The pause is over."""


@attrs.frozen
class Ended:
    """The peer leaves."""


# What the registry answers, too.
LeaseEvent = (
    JoinBegun
    | Listened
    | NeighborsChanged
    | AddressChanged
    | Woken
    | Ended
    | Welcome
    | RegistryRefused
    | RegistryUnreachable
)


# Effects


@attrs.frozen
class Listen:
    """Listen on a port, and say at once how that went: :class:`Listened`."""

    port: int


@attrs.frozen
class Move:
    """Listen on another address, and dial from it."""

    host: str


@attrs.frozen
class SeenAs:
    """Go on under another address, as which others see this machine, and listen where it did."""

    host: str


@attrs.frozen
class WakeLater:
    """Wake the machine in about so many seconds, and not when it was to be woken before."""

    seconds: float


@attrs.frozen
class Remember:
    """Write address and token down for the next run."""

    address: PeerAddress
    token: Token


@attrs.frozen
class StartOverlay:
    """The peer listens at its address: let it seek links there."""

    address: PeerAddress


@attrs.frozen
class Introduce:
    """Give the overlay addresses of other peers."""

    referrals: tuple[PeerAddress, ...]


@attrs.frozen
class JoiningEnded:
    """The peer is in the network, at its address, or the registry refuses it for good."""

    outcome: PeerAddress | RegistryRefused


@attrs.frozen
class Say:
    """Tell the person, or just the log."""

    text: str
    is_for_person: bool = True


# What is to be sent to the registry, too; the answer comes back as an event, but to a Leave.
LeaseEffect = (
    Listen
    | Move
    | SeenAs
    | WakeLater
    | Remember
    | StartOverlay
    | Introduce
    | JoiningEnded
    | Say
    | Join
    | Renew
    | Leave
)


# States


@attrs.frozen
class Joining:
    """
    The peer has no place yet.

    :ivar last: the place of an earlier run, where nothing speaks against it.
    :ivar unusable: ports that it was given and could not listen on.
    :ivar why: why the registry did not answer.
    """

    last: PeerAddress | None = None
    unusable: tuple[int, ...] = ()
    why: str = ""


@attrs.frozen
class Reserved:
    """
    The registry keeps a place for 10 s, until the first renewal.

    :ivar joining: as it was before, where the peer does not listen yet.
    """

    welcome: Welcome
    joining: Joining | None = None


@attrs.frozen
class Held:
    """The registry knew the peer when it was last asked."""

    welcome: Welcome


@attrs.frozen
class Alone:
    """
    The peer listens, but when last asked the registry did not answer, or refused it.

    :ivar welcome: its lease, which may still hold.
    """

    welcome: Welcome | None = None


@attrs.frozen
class Left:
    """
    It is over.

    :ivar is_asked: whether a place that was asked for may still be given.
    """

    is_asked: bool
