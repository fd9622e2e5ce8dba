"""Look how far all are with an offer."""

from collections.abc import Callable
from math import inf
from typing import Final

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from p2p_twisted.offers.board import Board
from p2p_twisted.offers.look import Look
from p2p_twisted.offers.needs import InNetwork
from p2p_twisted.offers.offer import Offer
from p2p_twisted.offers.offer_audience import OfferAudience
from p2p_twisted.overlay.driver import OverlayDriver
from p2p_twisted.overlay.effects import LocalAnswer
from p2p_twisted.wire.limits import ASK_SECONDS
from p2p_twisted.wire.messages import Ask, Tally
from p2p_twisted.wire.names import MessageId

_WATCHED_MOST: Final = 100
_SECONDS_PER_PEER: Final = 0.0004
_REST_SECONDS: Final = 1.0
_LAST_SECONDS: Final = 0.05
# Who looks comes that much sooner, as it may be late: it is not too late then.
_EARLY_SECONDS: Final = 0.15


@define(eq=False)
class _WatchedOffer:
    """
    An offer that somebody looks at.

    :ivar board: of the last look, which will do until ``again_at``.
    :ivar rest_until: when others may be asked again.
    :ivar ends_at: when nobody knows of it any more.
    :ivar waiting: for the look that is under way, if one is.
    """

    audience: OfferAudience
    board: Board | None = None
    again_at: float = 0.0
    rest_until: float = 0.0
    ends_at: float = inf
    waiting: "list[Deferred[Board]]" = field(factory=list)


@define(eq=False)
class OfferLooks:
    """
    Asks all others how far they are with an offer, no more often than so many can be asked.

    However many look at it here, others are asked once for all of them.

    :param answer: returns what this peer itself tells others of an offer.
    """

    _clock: IReactorTime
    _network: InNetwork
    _answer: Callable[[MessageId], LocalAnswer]
    _watched: dict[MessageId, _WatchedOffer] = field(factory=dict)

    def look(self, offer: Offer, left: float = inf) -> "Deferred[Board]":
        """
        Ask how far all are with an offer, or tell again what the last look has brought.

        :param left: in how many seconds it ends.
        :returns: fires with that, or fails with :class:`PeerError` when there is no network.
        """
        now = self._clock.seconds()
        watched = self._watched.pop(offer.id, None) or _WatchedOffer(OfferAudience(offer, now))
        self._watched[offer.id] = watched
        watched.ends_at = now + left
        if len(self._watched) > _WATCHED_MOST:
            # What was not looked at for longest: it does not know any more who was there.
            del self._watched[next(iter(self._watched))]
        if watched.board is not None and now < watched.again_at:
            return succeed(watched.board)
        board: Deferred[Board] = Deferred()
        watched.waiting.append(board)
        if len(watched.waiting) == 1:
            Deferred.fromCoroutine(self._look(offer.id, watched)).addBoth(_tell, watched)
        return board

    async def _look(self, offer: MessageId, watched: _WatchedOffer) -> Board:
        if (rest := watched.rest_until - self._clock.seconds()) > 0:
            await deferLater(self._clock, rest)
        driver = await self._network.connected()
        began = self._clock.seconds()
        ask = Ask(driver.new_id(), "id", offer)
        look = await self._ask(driver, ask, watched.audience)
        if not watched.audience.suffices(look, self._clock.seconds()):
            # Each hop gives up on those that are silent a little before the one that asked it.
            wait = min(ask.wait + _SECONDS_PER_PEER * look.answered, ASK_SECONDS)
            by_every_link = evolve(ask, id=driver.new_id(), tree=0, after=ask.id, wait=wait)
            look = await self._ask(driver, by_every_link, watched.audience)
        now = self._clock.seconds()
        board = watched.audience.board(look, now)
        rest = _REST_SECONDS
        # In time for a last look before the offer ends.
        last = watched.ends_at - now - _LAST_SECONDS - 2 * (now - began)
        if _EARLY_SECONDS < last < board.look_again + _EARLY_SECONDS:
            board, rest = evolve(board, look_again=last - _EARLY_SECONDS), last
        watched.board, watched.rest_until = board, now + rest
        # That nothing more happens ends all waiting: who asks again asks whether that is still so.
        watched.again_at = now if board.is_done else now + board.look_again
        return board

    async def _ask(self, driver: OverlayDriver, ask: Ask, audience: OfferAudience) -> Look:
        """Ask all others; what this peer says itself belongs to it, too."""
        answer = await driver.ask(ask)
        own = self._answer(ask.text)
        told, said = answer.tally or Tally(), own.tally or Tally()
        # Who pushes it knows best itself.
        who_knows = said if audience.sender == driver.me.name else told
        return Look(
            tally=told.plus(said),
            receipts=(*answer.receipts, *own.receipts),
            answered=answer.answered + 1,
            silent=tuple(name for name in answer.silent if name != driver.me.name),
            is_whole=answer.hides_nobody,
            is_unshared=bool(who_knows.unshared),
            is_by_every_link=not ask.tree,
        )


def _tell(result: Board | Failure, watched: _WatchedOffer) -> None:
    waiting, watched.waiting = watched.waiting, []
    for board in waiting:
        board.callback(result)
