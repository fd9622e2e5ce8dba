"""Remember whom an offer is for, as looks tell of them: so it is known who is off."""

from collections.abc import Iterable
from typing import Final

from attrs import define, evolve, field

from p2p_twisted.offers.board import Board, BoardState
from p2p_twisted.offers.limits import AUDIENCE_NAMED
from p2p_twisted.offers.look import Look
from p2p_twisted.offers.look_doubts import LookDoubts
from p2p_twisted.offers.offer import EVERYBODY, Offer
from p2p_twisted.wire.limits import RECEIPTS_NAMED
from p2p_twisted.wire.messages import Receipt
from p2p_twisted.wire.names import PeerName

# A look costs each peer two lines: all of them together have some 300 a second.
_SECONDS_PER_PEER: Final = 0.006
_SHORTEST_SECONDS: Final = 1.0
_LONGEST_SECONDS: Final = 60.0
# Broadcasts reach ten thousand peers in half a second. Who was just without a link needs longer.
_SPREAD_SECONDS: Final = 10.0
# However often others come who have not heard of it, or seem to.
_SPREAD_MOST_SECONDS: Final = 60.0


@define
class OfferAudience:
    """
    Those an offer is for, as looks have told of them: by their names while there are few.

    Of very many it is only known how many there were at first, and how many came later: who of
    the first comes back later is counted twice.

    :param began: when the first look was taken, in seconds on the monotonic clock.
    """

    _offer: Offer
    _began: float
    _names: dict[PeerName, None] = field(factory=dict)
    _doubts: LookDoubts = field(factory=LookDoubts)
    _at_first: int = 0
    _unaware_before: int = 0
    # When so many came who tell nothing, and since when nobody is to have more than then.
    _more_unaware_at: float = field(init=False)
    _over_since: float | None = None

    def __attrs_post_init__(self) -> None:
        self._more_unaware_at = self._began

    def board(self, look: Look, now: float) -> Board:
        """Return how far all are, by a look at the time ``now`` and what earlier ones have told."""
        look = self._believed(look)
        tally, size = look.tally, self._offer.size
        missing, number_missing = self._missing(look)
        unaware = max(0, look.answered - tally.peers)
        has_spread = self._has_spread(unaware, look, now)
        is_settled = self._doubts.settles(look, now)
        pause = _SECONDS_PER_PEER * look.answered if has_spread else 0.0
        coming = tally.waiting + tally.fetching
        to_come = max(0, (coming + tally.saved) * size - tally.received) if coming else 0
        counts: dict[BoardState, int] = dict(tally.counts.items())
        counts["off" if is_settled else "not heard from"] = number_missing
        named = missing[:RECEIPTS_NAMED]
        board = Board(
            offer=self._offer,
            counts=counts,
            rows=look.receipts,
            off=named if is_settled else (),
            unheard=() if is_settled else named,
            is_whole=is_settled,
            received=min(tally.received, tally.receivers * size),
            rate=tally.rate,
            seconds_left=max(tally.seconds_left, to_come / tally.rate)
            if coming and tally.rate
            else None,
            unaware=unaware,
            is_done=look.is_over and has_spread and is_settled,
            look_again=self._doubts.look_again(
                look, now, min(max(_SHORTEST_SECONDS, pause), _LONGEST_SECONDS)
            ),
        )
        return board.unshared() if look.is_unshared else board

    @property
    def sender(self) -> PeerName:
        """Who offers it."""
        return self._offer.sender

    def _has_spread(self, unaware: int, look: Look, now: float) -> bool:
        """Return whether all that are there have had time to hear of it, and newcomers, too."""
        if set(self._offer.to) - {self._offer.sender} <= {each.peer for each in look.receipts}:
            # Nobody else is meant.
            return True
        if unaware > self._unaware_before:
            self._more_unaware_at = now
        self._unaware_before = unaware
        over_since = now if self._over_since is None else self._over_since
        self._over_since = over_since if look.is_over else None
        waited = now - self._more_unaware_at
        return not unaware or waited >= _SPREAD_SECONDS or now - over_since >= _SPREAD_MOST_SECONDS

    def suffices(self, look: Look, now: float) -> bool:
        """Return whether a look along the tree will do; otherwise all links are to be asked."""
        return self._doubts.suffices(look, now)

    def _believed(self, look: Look) -> Look:
        """Leave out who cannot be a receiver: a liar may have named whom it liked."""
        tally, receipts = look.tally, list[Receipt]()
        are_named = not any(each.startswith("@") for each in self._offer.to)
        for receipt in look.receipts:
            if receipt.peer != self._offer.sender and (
                receipt.peer in self._offer.to or not are_named
            ):
                receipts.append(receipt)
            else:
                tally = tally.without(receipt, self._offer.size)
        return evolve(look, tally=tally, receipts=tuple(receipts))

    def _missing(self, look: Look) -> tuple[tuple[PeerName, ...], int]:
        """Add those that a look tells of; return names of those that it misses, and how many."""
        there = {receipt.peer for receipt in look.receipts}
        silent = [name for name in look.silent if self._is_meant(name) and name not in there]
        at_first = look.tally.receivers - look.tally.late
        if len(there) < look.tally.receivers:
            self._at_first = max(self._at_first, at_first + len(silent))
            return tuple(silent), self._at_first - at_first
        named = [name for name in self._offer.to if self._is_named(name)]
        _add((*named, *there, *silent), self._names)
        off = tuple(name for name in self._names if name not in there)
        self._at_first = max(self._at_first, at_first + len(off))
        return off, len(off)

    def _is_meant(self, silent: PeerName) -> bool:
        """Return whether an offer is for a peer that says nothing, as far as is known."""
        is_everybody = EVERYBODY in self._offer.to and silent != self._offer.sender
        return is_everybody or self._is_named(silent) or silent in self._names

    def _is_named(self, name: str) -> bool:
        """Return whether an offer names a peer; who offers it has it anyway."""
        is_group = name.startswith("@")
        return name in self._offer.to and name != self._offer.sender and not is_group


def _add(names: Iterable[PeerName], known: dict[PeerName, None]) -> None:
    """Remember names, as long as there is room for them."""
    for name in names:
        if len(known) < AUDIENCE_NAMED:
            known[name] = None
