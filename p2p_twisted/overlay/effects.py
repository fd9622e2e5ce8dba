"""What the overlay's machines ask their surroundings to do, and each other."""

from collections.abc import Callable
from typing import Literal

from attrs import frozen

from p2p_twisted.wire.messages import (
    Ask,
    Bye,
    Gossip,
    Hit,
    Message,
    PeerRecord,
    Receipt,
    Refuse,
    Tally,
    Want,
)
from p2p_twisted.wire.names import MessageId, PeerAddress, PeerName

LinkId = int
"""
One connection, from its dial on. Requests and answers belong to it, never to a
peer's name: two connections with one peer are two different things.
"""


@frozen
class Send:
    """Send a message; a sheddable one may be dropped where a link is slow."""

    link: LinkId
    message: Message
    sheddable: bool = False


@frozen
class Dial:
    """
    Open a connection, and ask there for a link.

    :ivar alone: whether this peer has no other, but with closed ones.
    :ivar closed: whether others cannot dial this peer.
    """

    link: LinkId
    address: PeerAddress
    why: Literal["join", "need", "mix"]
    alone: bool
    closed: bool = False


@frozen
class Exchange:
    """Exchange samples of addresses on a short connection (PEX)."""

    address: PeerAddress


@frozen
class Close:
    """End a connection, with a last word if there is one."""

    link: LinkId
    bye: Bye | None = None


@frozen
class NeighborUp:
    """
    A connection has become a link.

    :ivar is_eager: whether it is part of the tree from the start.
    :ivar since: when it began at its other end, in seconds on the monotonic clock.
    """

    link: LinkId
    address: PeerAddress
    is_eager: bool
    since: float


@frozen
class NeighborDown:
    """
    A link has ended.

    :ivar has_died: whether it ended without a word, so that the neighbor may be dead.
    :ivar since: when it ended at its other end, in seconds on the monotonic clock.
    """

    link: LinkId
    address: PeerAddress
    has_died: bool
    since: float


@frozen
class Deliver:
    """
    A broadcast that has come over a link is new here.

    :ivar is_passed_on: whether others get it, too; otherwise there were too many.
    """

    gossip: Gossip
    link: LinkId
    is_passed_on: bool = True


@frozen
class Arrived:
    """A message whose route ends here has come over a link."""

    link: LinkId
    message: Want | Refuse


@frozen
class Consult:
    """Look up what this peer itself answers to a query; ``Consulted`` is to follow."""

    ask: Ask


@frozen
class LocalAnswer:
    """
    What a peer itself has to say to a query.

    :ivar cut: whether that is not all.
    :ivar seconds: how long it took to look up.
    :ivar tally: counts this peer alone, if it knows of the offer that was asked for.
    :ivar receipts: its own, if the offer is for it.
    """

    peers: tuple[PeerRecord, ...] = ()
    hits: tuple[Hit, ...] = ()
    cut: bool = False
    seconds: float = 0.0
    tally: Tally | None = None
    receipts: tuple[Receipt, ...] = ()


@frozen
class Answer:
    """
    What came back for a query of this peer's own.

    :ivar answered: how many other peers answered.
    :ivar silent: the peers that were asked and did not answer.
    :ivar is_whole: whether the neighbors of all peers that answered have answered, too.
    :ivar tally: how far the receivers of an offer are, if any peer knows of it.
    :ivar receipts: of some of them, those first that do not have it.
    :ivar hides_nobody: whether the neighbors of all that answered have answered, or are silent.
    """

    id: MessageId
    peers: tuple[PeerRecord, ...]
    hits: tuple[Hit, ...]
    answered: int
    silent: tuple[PeerName, ...]
    cut: bool
    is_whole: bool
    tally: Tally | None = None
    receipts: tuple[Receipt, ...] = ()
    hides_nobody: bool = False


@frozen
class AnswerPart:
    """Some hits that came for a query of this peer's own; the ``Answer`` has them, too."""

    id: MessageId
    hits: tuple[Hit, ...]


HitsWatch = Callable[[tuple[Hit, ...]], None]
"""Is told of the parts of an answer."""

NeighborChange = NeighborUp | NeighborDown
Effect = (
    Send
    | Dial
    | Exchange
    | Close
    | NeighborChange
    | Deliver
    | Arrived
    | Consult
    | Answer
    | AnswerPart
)


@frozen
class GraftHint:
    """A query that should have come along the tree came by this link only: mend the tree."""

    link: LinkId


@frozen
class PruneHint:
    """A query came along the tree twice: this link of the tree is redundant."""

    link: LinkId


Hint = GraftHint | PruneHint
"""What a query says of the tree; broadcast, to which the tree belongs, acts on it."""
