"""What a peer sees of its network while somebody watches."""

from collections.abc import Callable

import attrs

from p2p_twisted.runtime.watches import Watches
from p2p_twisted.wire.messages import PeerRecord
from p2p_twisted.wire.names import PeerAddress, PeerName


@attrs.frozen
class LinkBegan:
    """Another peer has become a neighbor."""

    neighbor: PeerAddress


@attrs.frozen
class LinkEnded:
    """
    A neighbor is none any more.

    :ivar has_died: whether it said no goodbye.
    """

    neighbor: PeerAddress
    has_died: bool


@attrs.frozen
class PeersSeen:
    """
    All peers were asked for their neighbors.

    :ivar peers: those that have told them, this one included.
    :ivar silent: those that were named, or asked, and have not.
    """

    peers: tuple[PeerRecord, ...]
    silent: tuple[PeerName, ...] = ()


@attrs.frozen
class QuestionSeen:
    """
    A question was put, by this peer or another one.

    :ivar id: names the question; the answer has it, too.
    :ivar what: as in ``Ask``.
    """

    id: str
    what: str
    text: str
    peer: PeerName | None
    is_own: bool


@attrs.frozen
class AnswerSeen:
    """
    A question was answered: another peer's by this one, or this one's by all others.

    :ivar peers: how many have answered; of another peer's question, this one alone.
    :ivar silent: how many have not.
    :ivar seconds: how long it took.
    """

    id: str
    is_own: bool
    hits: int
    peers: int
    silent: int
    seconds: float


@attrs.frozen
class RegistrationSeen:
    """The registry knows this peer now, or does not."""

    is_registered: bool


Sight = LinkBegan | LinkEnded | PeersSeen | QuestionSeen | AnswerSeen | RegistrationSeen
SightWatch = Callable[[Sight], None]
Sights = Watches[Sight]
