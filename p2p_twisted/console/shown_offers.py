"""Say of offers, and of how they go, what a person is shown."""

from p2p_twisted.console.push_lines import OFF, UNHEARD, ShownBoard, ShownPush, ShownReceipt
from p2p_twisted.offers.board import Board
from p2p_twisted.offers.offers_interface import KnownOffer


def shown_push(known: KnownOffer) -> ShownPush:
    """Make what a person is shown of an offer."""
    offer = known.offer
    return ShownPush(
        number=known.number,
        name=offer.name,
        size=offer.size,
        is_folder=offer.is_folder,
        sender=offer.sender,
        to=offer.to,
        until=offer.until,
        state=known.state,
        reason=known.reason,
        is_over=known.is_over,
        left_out=known.left_out,
    )


def shown_board(known: KnownOffer, board: Board) -> ShownBoard:
    """Make what a person is shown of a board."""
    size = board.offer.size
    return ShownBoard(
        push=shown_push(known),
        counts={str(state): number for state, number in board.counts.items()},
        rows=[
            *(
                ShownReceipt(
                    row.peer, row.state, row.received / size if size else 0.0, row.rate, row.reason
                )
                for row in board.rows
            ),
            *(ShownReceipt(name, OFF) for name in board.off),
            *(ShownReceipt(name, UNHEARD) for name in board.unheard),
        ],
        done=board.share,
        rate=board.rate,
        seconds_left=board.seconds_left,
        unaware=board.unaware,
        is_whole=board.is_whole,
        is_unshared=board.is_unshared,
        is_done=board.is_done,
    )
