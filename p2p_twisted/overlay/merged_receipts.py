"""Bring what very many receivers of an offer say into one short answer, hop by hop."""

from collections.abc import Iterable
from itertools import chain, islice, zip_longest

from attrs import define, field

from p2p_twisted.wire.limits import RECEIPTS_NAMED
from p2p_twisted.wire.messages import RECEIPT_STATES, Receipt, Tally
from p2p_twisted.wire.names import PeerName


@define
class MergedReceipts:
    """
    What has come for one query: all receivers are counted, and some are named.

    Each neighbor names as many as any other: otherwise one that makes receivers up would
    leave no room for those that there are.

    :ivar tally: of all that know of the offer; absent while nobody does.
    """

    tally: Tally | None = None
    # By who names them: a neighbor, or this peer itself; first those of whom it has not told all.
    _coming: dict[PeerName, dict[PeerName, Receipt]] = field(factory=dict)
    _named: dict[PeerName, dict[PeerName, Receipt]] = field(factory=dict)

    def name(self, teller: PeerName, receipts: Iterable[Receipt]) -> None:
        """Add receivers that somebody names, but no more than an answer has."""
        rows = self._coming.setdefault(teller, {})
        for receipt in receipts:
            if len(rows) < RECEIPTS_NAMED:
                rows.setdefault(receipt.peer, receipt)

    def count(self, teller: PeerName, tally: Tally | None, answered: int) -> bool:
        """
        Count what somebody says of so many peers, once it has named all that it will.

        :returns: whether it can be: nothing counts where more are told of than there can be.
        """
        rows = self._coming.pop(teller, {})
        if tally is None:
            return not rows
        if tally.peers > answered or max(len(rows), tally.late) > tally.receivers:
            return False
        self.tally = tally if self.tally is None else self.tally.plus(tally)
        self._named[teller] = rows
        return True

    def chosen(self) -> tuple[Receipt, ...]:
        """Return whom to name, the worst first; of each neighbor an equal number."""
        believed = self._believed()
        of_each = [
            sorted((row for row in rows.values() if believed[row.peer] is row), key=_place)
            for rows in self._named.values()
        ]
        by_turns = (row for row in chain(*zip_longest(*of_each)) if row is not None)
        return tuple(sorted(islice(by_turns, RECEIPTS_NAMED), key=_place))

    def _believed(self) -> dict[PeerName, Receipt]:
        """
        Choose one receipt of each receiver.

        What a peer says itself counts. Of what others say of it, the worst does, so that
        nobody but itself makes it look as if it had all.
        """
        said = [(teller, row) for teller, rows in self._named.items() for row in rows.values()]
        said.sort(key=lambda each: (each[0] != each[1].peer, _place(each[1])))
        return {row.peer: row for _teller, row in reversed(said)}


def _place(receipt: Receipt) -> tuple[int, int, PeerName]:
    return RECEIPT_STATES.index(receipt.state), receipt.received, receipt.peer
