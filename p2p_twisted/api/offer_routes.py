"""Push to others, and answer what others push, over the API."""

from collections.abc import Callable

from attrs import define
from twisted.internet.defer import CancelledError

from p2p_twisted.api.offer_views import (
    AcceptedView,
    BoardView,
    OffersView,
    OfferView,
    PushStepView,
    ReceiptView,
)
from p2p_twisted.api.request_fields import PushQuery
from p2p_twisted.api.route import Call, Form, Route
from p2p_twisted.api.views import DoneView
from p2p_twisted.offers.board import Board
from p2p_twisted.offers.numbered_offers import (
    accept_offer,
    all_offers,
    numbered_offer,
    offer_to_answer,
    own_offer,
)
from p2p_twisted.offers.offers_interface import IOffers, KnownOffer


@define(eq=False)
class OfferRoutes:
    """Answers what is asked about pushes."""

    _offers: IOffers

    def routes(self) -> tuple[Route, ...]:
        """List what can be asked."""
        every, one = "/v1/offers", "/v1/offers/{number}"
        return (
            Route("GET", every, self.list_all, OffersView),
            Route("POST", every, self.push, PushStepView, PushQuery, form=Form.LINES),
            Route("GET", one, self.look, BoardView),
            Route("DELETE", one, self.end, DoneView),
            Route("POST", f"{one}/accept", self.accept, AcceptedView),
            Route("POST", f"{one}/refuse", self.refuse, DoneView),
        )

    async def list_all(self, _call: Call) -> OffersView:
        """List what this peer pushes, and what is pushed to it."""
        return OffersView(offers=tuple(map(offer_view, all_offers(self._offers))))

    async def push(self, call: Call) -> None:
        """Push something that this peer shares to others, as soon as it has been hashed."""
        query = call.query

        def tell(percent: int | None) -> None:
            # While it is looked for, nothing is answered: that there is none has a status.
            if percent is not None:
                call.stream.emit(PushStepView(hashed=percent))

        pushing = self._offers.push(query.name, query.to, query.seconds, query.into, tell)
        # Who has gone before it was pushed has given it up.
        call.stream.ended = pushing.cancel
        try:
            known = await pushing
        except CancelledError:
            return
        call.stream.emit(PushStepView(offer=offer_view(known)))

    async def look(self, call: Call) -> BoardView:
        """Look how far all are with a push."""
        known = self._numbered(call, numbered_offer)
        return board_view(known, await self._offers.look(known.offer.id))

    async def end(self, call: Call) -> DoneView:
        """End a push of this peer: whoever has not begun to get it does not get it."""
        await self._offers.withdraw(self._numbered(call, own_offer).offer.id)
        return DoneView()

    async def accept(self, call: Call) -> AcceptedView:
        """Get what another peer pushes."""
        assert call.number is not None
        return AcceptedView(is_here=await accept_offer(self._offers, call.number))

    async def refuse(self, call: Call) -> DoneView:
        """Do not get what another peer pushes."""
        self._offers.answer(self._numbered(call, offer_to_answer).offer.id, False)
        return DoneView()

    def _numbered(self, call: Call, find: Callable[[IOffers, int], KnownOffer]) -> KnownOffer:
        assert call.number is not None
        return find(self._offers, call.number)


def offer_view(known: KnownOffer) -> OfferView:
    """Describe what is pushed."""
    offer = known.offer
    return OfferView(
        number=known.number,
        id=offer.id,
        file=offer.file_id,
        name=offer.name,
        size=offer.size,
        kind="folder" if offer.is_folder else "file",
        sender=offer.sender,
        to=offer.to,
        issued=offer.issued,
        until=offer.until,
        into=offer.into,
        state=known.state,
        download=known.download,
        reason=known.reason,
        is_over=known.is_over,
        left_out=known.left_out,
    )


def board_view(known: KnownOffer, board: Board) -> BoardView:
    """Describe how far all are."""
    return BoardView(
        offer=offer_view(known),
        counts={str(state): number for state, number in board.counts.items()},
        receipts=tuple(
            ReceiptView(
                peer=each.peer,
                state=each.state,
                received=each.received,
                rate=each.rate,
                reason=each.reason,
            )
            for each in board.rows
        ),
        off=board.off,
        unheard=board.unheard,
        is_whole=board.is_whole,
        received=board.received,
        rate=board.rate,
        share=board.share,
        seconds_left=board.seconds_left,
        unaware=board.unaware,
        is_unshared=board.is_unshared,
        is_done=board.is_done,
        have_all=board.have_all,
        look_again=board.look_again,
    )
