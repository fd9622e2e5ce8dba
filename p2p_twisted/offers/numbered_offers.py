"""Find an offer by what a person calls it."""

from collections.abc import Sequence

from p2p_twisted.offers.offers_interface import IOffers, KnownOffer
from p2p_twisted.peer_errors import NotAllowed, Unknown


def all_offers(offers: IOffers) -> Sequence[KnownOffer]:
    """List what a peer has offered, and what is offered to it, in the order of the numbers."""
    return sorted((*offers.own(), *offers.received()), key=lambda each: each.number)


def numbered_offer(offers: IOffers, number: int) -> KnownOffer:
    """
    Return the offer of a number.

    :raises Unknown: when there is none.
    """
    for each in all_offers(offers):
        if each.number == number:
            return each
    raise Unknown(f"there is no push {number}")


def own_offer(offers: IOffers, number: int) -> KnownOffer:
    """
    Return an offer that this peer has made.

    :raises Unknown: when there is none of that number.
    :raises NotAllowed: when another peer has made it.
    """
    known = numbered_offer(offers, number)
    if known.state is not None:
        sender = known.offer.sender
        raise NotAllowed(
            f"push {number} is {sender}'s, which alone may end it: refuse {number} keeps it away"
        )
    return known


async def accept_offer(offers: IOffers, number: int) -> bool:
    """
    Take an offer that another peer has made, also one of which something was removed.

    :returns: whether all of it is here already, so that there is nothing to get.
    :raises Unknown: when there is none of that number, or not any more.
    :raises NotAllowed: when this peer itself has made it.
    """
    known = offer_to_answer(offers, number)
    if known.state == "saved" and await offers.is_here(known.offer):
        return True
    offers.answer(known.offer.id, True)
    return False


def offer_to_answer(offers: IOffers, number: int) -> KnownOffer:
    """
    Return an offer that another peer has made.

    :raises Unknown: when there is none of that number.
    :raises NotAllowed: when this peer itself has made it.
    """
    known = numbered_offer(offers, number)
    if known.state is None:
        raise NotAllowed(f"push {number} is this peer's own: unpush {number} ends it")
    return known
