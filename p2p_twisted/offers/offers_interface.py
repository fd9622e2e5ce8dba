"""What is pushed to others, and what others push: the door for every face."""

from collections.abc import Callable, Sequence

from attrs import frozen
from twisted.internet.defer import Deferred
from zope.interface import Interface

from p2p_twisted.offers.board import Board
from p2p_twisted.offers.known_offers import KnownOffer, OfferWatch
from p2p_twisted.offers.offer import Offer
from p2p_twisted.wire.names import MessageId

HashingWatch = Callable[[int | None], None]
"""Is told how much of something has been hashed, in percent; ``None`` while it is looked for."""


def unwatched_hashing(_percent: int | None) -> None:
    """Ignore how far something has been hashed."""


__all__ = ["HashingWatch", "IOffers", "KnownOffer", "OfferWatch", "Waited", "unwatched_hashing"]


@frozen
class Waited:
    """
    How a push stood when it was not waited for any longer.

    :ivar is_late: whether more would have happened.
    :ivar is_over: whether it had ended, by its date or because its sender has withdrawn it.
    """

    board: Board
    is_late: bool = False
    is_over: bool = False


class IOffers(Interface):
    """
    Pushes to others, and answers what others push.

    Every method raises :class:`PeerError`, or its Deferred fails with it, where it cannot be done.
    """

    def push(
        name: str,
        to: Sequence[str],
        seconds: float,
        into: "str | None" = None,
        watch: "HashingWatch" = unwatched_hashing,
    ) -> "Deferred[KnownOffer]":
        """
        Offer something that this peer shares.

        :param name: its name, or its file id; what is still being hashed is waited for.
        :param to: peers' names, ``@`` and a group's of a private network, or ``@all``.
        :param seconds: how long others hear of it, 30 days at most.
        :param into: the folder in which it is to land, below where the receiver has offers land.
        :param watch: is told how far it has been hashed, while that is waited for.
        :returns: fires once it is kept here, and told to the neighbors; canceled, it is not
            offered.
        """

    def withdraw(offer: MessageId) -> "Deferred[None]":
        """
        End an offer of this peer's: nobody begins to fetch it any more.

        :returns: fires once that is kept here, and told to the neighbors.
        """

    def own() -> tuple[KnownOffer, ...]:
        """List what this peer offers, in the order of the numbers."""

    def received() -> tuple[KnownOffer, ...]:
        """List what is offered to this peer, in the order of the numbers."""

    def answer(offer: MessageId, accept: bool) -> None:
        """Accept an offer, or refuse it; one that was refused may still be accepted."""

    def is_here(offer: Offer) -> "Deferred[bool]":
        """Look whether all of an offer that was saved is still here."""

    def attend() -> Callable[[], None]:
        """
        Have a person be asked about offers, where no rule says otherwise.

        :returns: ends that, as the person has gone.
        """

    def look(offer: MessageId) -> "Deferred[Board]":
        """Ask all others how far they are with an offer."""

    def wait(offer: MessageId, seconds: float) -> "Deferred[Waited]":
        """
        Look again and again until nothing more happens as long as nobody comes.

        :param seconds: for how long at most.
        :returns: fires with how it stands then; to cancel it ends the waiting alone.
        """

    def watch(watch: OfferWatch) -> Callable[[], None]:
        """
        Tell of offers from now on.

        :returns: ends that.
        """
