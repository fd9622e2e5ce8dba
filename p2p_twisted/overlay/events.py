"""What the overlay's machines are told."""

from math import inf

from attrs import frozen

from p2p_twisted.overlay.effects import LinkId, LocalAnswer
from p2p_twisted.wire.messages import Ask, Bye, Gossip, Link, Linked, Message, Refuse, Want
from p2p_twisted.wire.names import MessageId, PeerAddress


@frozen
class Referred:
    """The registry has named peers; the first referral starts it all."""

    referrals: tuple[PeerAddress, ...]


@frozen
class ReachFound:
    """The registry has found whether others can dial this peer; until then they can."""

    is_closed: bool


@frozen
class LinkAsked:
    """An accepted connection, which comes from ``host``, asks to become a link."""

    link: LinkId
    asking: Link
    host: str


@frozen
class LinkAccepted:
    """A connection that we dialed becomes a link."""

    link: LinkId
    linked: Linked


@frozen
class LinkRefused:
    """
    A connection that we dialed does not become a link; the peer there names others.

    :ivar is_duplicate: whether it says that we have a link with it.
    """

    link: LinkId
    peers: tuple[PeerAddress, ...]
    is_duplicate: bool = False


@frozen
class MessageReceived:
    """A neighbor has sent a message."""

    link: LinkId
    message: Message


@frozen
class ConnectionLost:
    """
    A connection has ended, as a link or before, or could not be made.

    :ivar bye: the last word that came, if one did.
    """

    link: LinkId
    bye: Bye | None = None


@frozen
class RoundTripMeasured:
    """How long a connection takes there and back, in seconds, is known, or has changed."""

    link: LinkId
    seconds: float


@frozen
class FellBehind:
    """A neighbor sends more than it may, or than is read in its share of our time."""

    link: LinkId


@frozen
class FellSilent:
    """A neighbor does not answer a ping, as if it had died; or it does after all."""

    link: LinkId
    is_silent: bool = True


@frozen
class PeersExchanged:
    """
    A sample of addresses has come from a peer.

    :ivar is_dialed: whether we dialed that peer, which proves its address.
    :ivar is_closed: whether it says that it cannot be dialed.
    """

    address: PeerAddress
    peers: tuple[PeerAddress, ...]
    is_dialed: bool
    is_closed: bool = False


@frozen
class ExchangeFailed:
    """No peer gave a sample at an address that we dialed."""

    address: PeerAddress


@frozen
class Asked:
    """
    The peer asks all others; an ``Answer`` follows, without what the peer knows itself.

    :ivar patience: how many round trips to wait for each hop that the query may go, and
        50 ms at least; infinity means all of ``ask.wait``.
    """

    ask: Ask
    patience: float = inf


@frozen
class Sufficed:
    """What has come for this peer's own query will do: others are waited for only briefly."""

    id: MessageId


@frozen
class NeighborAsked:
    """
    A neighbor asks, within its allowance.

    :ivar is_passed_on: whether the query goes on from here; otherwise only this peer answers.
    """

    link: LinkId
    ask: Ask
    is_passed_on: bool = True


@frozen
class Consulted:
    """The peer's own answer to a neighbor's query is known."""

    id: MessageId
    answer: LocalAnswer


@frozen
class TimeSpent:
    """What a neighbor has asked of this peer itself has taken so many seconds."""

    link: LinkId
    seconds: float


@frozen
class GossipPublished:
    """The peer broadcasts to all others."""

    gossip: Gossip


@frozen
class Dispatched:
    """The peer sends a message along its route; nothing where no link leads there."""

    message: Want | Refuse


@frozen
class SeekingEnded:
    """From now on this peer seeks no links, but keeps those it has and accepts others."""


@frozen
class LinkingEnded:
    """From now on this peer refuses links and seeks none."""


@frozen
class TimeCame:
    """The moment has come that ``wake_at`` told."""


LinkEvent = LinkAsked | LinkAccepted | LinkRefused | ConnectionLost
ExchangeEvent = PeersExchanged | ExchangeFailed
MembershipEvent = (
    Referred | ReachFound | LinkEvent | ExchangeEvent | SeekingEnded | LinkingEnded | TimeCame
)
PeerEvent = Asked | Sufficed | Consulted | TimeSpent | GossipPublished | Dispatched
Lapse = FellBehind | FellSilent
FoundByPings = RoundTripMeasured | FellSilent
Event = MembershipEvent | MessageReceived | Lapse | FoundByPings | PeerEvent
