"""Look how a push goes until nothing more happens."""

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from p2p_twisted.offers.next_look import next_look_in
from p2p_twisted.offers.offers_interface import IOffers, Waited
from p2p_twisted.peer_errors import Unknown
from p2p_twisted.wire.names import MessageId


async def wait_for(
    offers: IOffers, clock: IReactorTime, offer: MessageId, seconds: float
) -> Waited:
    """
    Look again and again; see :meth:`IOffers.wait`.

    :raises PeerError: when there is no such offer from the beginning, or no network.
    """
    ends = clock.seconds() + seconds
    board = await offers.look(offer)
    while not board.is_done:
        left = ends - clock.seconds()
        if left <= 0:
            return Waited(board, is_late=True)
        await deferLater(clock, next_look_in(board.look_again, left))
        try:
            board = await offers.look(offer)
        except Unknown:
            return Waited(board, is_over=True)
    return Waited(board)
