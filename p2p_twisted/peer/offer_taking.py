"""Decide about what is offered to this peer: by its rule, or as a person says."""

from collections.abc import Callable, Sequence
from typing import Final

from attrs import define, field

from p2p_twisted.offers.accept_rule import AcceptRule
from p2p_twisted.offers.known_offers import KnownOffers
from p2p_twisted.offers.limits import OFFERS_ASKED, OFFERS_FETCHED
from p2p_twisted.offers.offer_book import KeptOffer, OfferBook, crowding
from p2p_twisted.offers.offer_judge import OfferJudge
from p2p_twisted.overlay.effects import LocalAnswer
from p2p_twisted.peer.offer_fetching import FetchingParts, OfferFetching
from p2p_twisted.wire.codec import printable
from p2p_twisted.wire.limits import RECEIPT_REASON_CHARACTERS
from p2p_twisted.wire.messages import Receipt, ReceiptState, Tally
from p2p_twisted.wire.names import MessageId

_MISSES_WITHOUT_DELAY: Final = 3
_MOST_PASSED_OVER: Final = 16
_KEPT_HERE: Final = "it has it, and gives it to nobody"


@define(eq=False)
class _Received:
    """
    An offer that is meant for this peer.

    :ivar is_taken: whether it is to be had, now or once there is room.
    :ivar is_recalled: whether an earlier run took it.
    :ivar is_said: whether a person has said so, or has refused it.
    :ivar fetching: what was last done to have it.
    :ivar is_fetched: whether that goes on.
    :ivar misses: how often nobody had it.
    :ivar passed_over: how many more times it is not looked for, because of that.
    """

    kept: KeptOffer
    hops: int = 1
    is_taken: bool = False
    is_recalled: bool = False
    is_said: bool = False
    fetching: OfferFetching | None = None
    is_fetched: bool = False
    misses: int = 0
    passed_over: int = 0

    @property
    def id(self) -> MessageId:
        """What the offer is called."""
        return self.kept.offer.id


@define(eq=False, kw_only=True)
class OfferTaking:
    """
    Decides about each offer, and has fetched what is taken.

    A few are fetched at a time that no person has asked for, and a person is asked about a few:
    the others wait. What comes from one source, and of that in one name, takes fewer of these
    places than it leaves to others, however slowly it is delivered. What nobody has takes none,
    and is looked for again ever more rarely. One of which nobody ever delivers anything gives
    its place up for another one, and so does one of whoever has most of them, before anything
    has come, for who has fewer.
    """

    _rule: AcceptRule
    _book: OfferBook
    _judge: OfferJudge
    _known: KnownOffers
    _parts: FetchingParts
    _received: dict[MessageId, _Received] = field(factory=dict, init=False)
    _attending: set[object] = field(factory=set, init=False)
    _is_started: bool = field(default=False, init=False)

    # What is offered

    def heard(self, kept: KeptOffer, hops: int = 1) -> None:
        """
        Decide about an offer, if it is meant for this peer.

        :param hops: how far its sender is: who is near begins first, and others find it there.
        """
        me = self._judge.me
        if kept.offer.is_for(me.name, me.groups):
            self._received[kept.offer.id] = _Received(kept, hops)
            self._known.add(kept.offer, "waiting")
            self._decide(self._received[kept.offer.id])

    def recall(self, kept: KeptOffer, state: ReceiptState, is_taken: bool, is_said: bool) -> None:
        """Go on with an offer as an earlier run has left it."""
        is_done = state in ("saved", "refused", "failed")
        self._received[kept.offer.id] = _Received(
            kept, is_taken=is_taken, is_recalled=is_taken, is_said=is_said
        )
        self._known.add(kept.offer, state if is_done else "waiting")
        kept.is_pinned = is_taken and not is_done

    def ended(self, kept: KeptOffer) -> None:
        """Begin nothing for an offer any more; what is being fetched of it goes on."""
        self._received.pop(kept.offer.id, None)
        self._known.end(kept.offer.id)
        kept.is_pinned = False
        self.consider()

    def answer(self, id_: MessageId, accept: bool) -> None:
        """Take an offer, or refuse it, as a person says."""
        received = self._received[id_]
        received.is_said = True
        if accept:
            if self._state_of(received) in ("asked", "refused"):
                # It begins after a while.
                self._become(received, "waiting")
            self._take(received)
        else:
            had_it = self._state_of(received) == "saved"
            received.is_taken = False
            self._give_up(received)
            self._become(received, "refused", _KEPT_HERE if had_it else "")
        self.consider()

    def attend(self) -> Callable[[], None]:
        """Have a person be asked; return what ends that."""
        person = object()
        self._attending.add(person)
        for received in self._received.values():
            if self._state_of(received) == "refused" and not received.is_said:
                self._become(received, "waiting")
        self.consider()
        return lambda: self._attending.discard(person)

    def decisions(self, id_: MessageId) -> tuple[bool, bool]:
        """Return whether an offer is taken, and whether a person has said so, or refused it."""
        received = self._received.get(id_)
        return (False, False) if received is None else (received.is_taken, received.is_said)

    def receipt(self, id_: MessageId) -> Receipt | None:
        """Say how far this peer is with an offer; ``None`` where it is not meant."""
        received, known = self._received.get(id_), self._known.get(id_)
        if received is None or known is None or known.state is None:
            return None
        name, fetching = self._judge.me.name, received.fetching
        if known.state == "saved":
            return Receipt(name, "saved", known.offer.size)
        come, rate = (0, 0.0) if fetching is None else (fetching.received, fetching.rate)
        reason = printable(known.reason, RECEIPT_REASON_CHARACTERS)
        return Receipt(name, known.state, come, rate, reason)

    def tell_others(self, id_: MessageId) -> LocalAnswer:
        """Return what others hear that ask about an offer."""
        kept = self._book.get(id_)
        if kept is None or kept.withdrawal is not None:
            return LocalAnswer()
        receipt = self.receipt(id_)
        if receipt is None:
            return LocalAnswer(tally=Tally(unmeant=1))
        return LocalAnswer(
            tally=Tally.of(receipt, kept.offer.size, kept.is_late), receipts=(receipt,)
        )

    # What becomes of it

    def start(self) -> None:
        """Begin to fetch, as this peer is in its network."""
        self._is_started = True
        self.consider()

    def stop(self) -> None:
        """Begin nothing more; what is being fetched goes on in the next run."""
        self._is_started = False
        for received in self._received.values():
            if received.fetching is not None:
                received.fetching.stop()

    def consider(self, again: bool = False) -> None:
        """
        Decide about what waits, as far as there is room.

        :param again: whether some time has passed: then there may be space on the disk, and what
            is fetched in vain gives its place up.
        """
        states = ("waiting", "no space") if again else ("waiting",)
        for received in tuple(self._received.values()):
            if again and received.passed_over:
                received.passed_over -= 1
            if received.passed_over and not received.is_said:
                continue
            if not received.is_fetched and self._state_of(received) in states:
                self._decide(received, again)

    def _decide(self, received: _Received, again: bool = False) -> None:
        if received.is_taken:
            self._take(received, again)
            return
        signer = received.kept.heard.signer
        identity = None if signer is None else signer.identity
        verdict = self._rule.verdict(received.kept.offer, identity, bool(self._attending))
        if verdict.what == "refuse":
            self._become(received, "refused", verdict.reason)
        elif verdict.what == "take":
            self._take(received, again)
        elif self._may_ask(received):
            self._become(received, "asked")

    def _take(self, received: _Received, again: bool = False) -> None:
        """Fetch it, if there is room, or a person wants it; otherwise later."""
        if received.is_fetched:
            return
        if not (self._is_started and (received.is_said or self._has_room(received, again))):
            received.is_taken = received.is_said or received.is_taken
            self._become(received, "waiting")
            return
        received.is_taken = received.kept.is_pinned = received.is_fetched = True
        received.fetching = OfferFetching(
            self._parts,
            received.kept.offer,
            hops=received.hops,
            into=self._rule.place(received.kept.offer),
            is_recalled=received.is_recalled,
            waits=received.is_said,
            tell=lambda state, reason: self._told(received, state, reason),
            ended=lambda: self._fetched(received),
        )
        received.fetching.start()

    def _told(self, received: _Received, state: ReceiptState, reason: str) -> None:
        if state == "refused":
            # A person has canceled its download: whoever comes here later is not to begin it again.
            received.is_taken, received.is_said = False, True
        self._become(received, state, reason)

    def _may_ask(self, received: _Received) -> bool:
        """Return whether a person may be asked about it, too."""
        asked = [each for each in self._received.values() if self._state_of(each) == "asked"]
        return len(asked) < OFFERS_ASKED or self._make_room(_crowding(asked, received))

    def _has_room(self, received: _Received, again: bool) -> bool:
        """Return whether it may be fetched, too, though no person has asked for it."""
        running = [each for each in self._received.values() if each.is_fetched and not each.is_said]
        if _weight(running, received) < OFFERS_FETCHED - len(running):
            return True
        idle = [each for each in running if each.fetching and not each.fetching.received]
        in_vain = (each for each in idle if each.fetching and each.fetching.is_in_vain)
        late = _crowding(idle, received)
        return self._make_room(next(in_vain, None) if again and late is None else late)

    def _make_room(self, late: _Received | None) -> bool:
        """Have one wait, behind all others that do; return whether there was one to."""
        if late is None:
            return False
        self._received[late.id] = self._received.pop(late.id)
        late.is_taken = False
        self._give_up(late)
        self._become(late, "waiting")
        return True

    def _fetched(self, received: _Received) -> None:
        received.is_fetched = received.kept.is_pinned = False
        if received.fetching is not None and received.fetching.found_nobody:
            doublings = max(0, received.misses - _MISSES_WITHOUT_DELAY)
            received.passed_over = min(2**doublings, _MOST_PASSED_OVER)
            received.misses += 1
        self.consider()

    def _give_up(self, received: _Received) -> None:
        received.is_fetched = received.kept.is_pinned = False
        if received.fetching is not None:
            received.fetching.give_up()

    def _state_of(self, received: _Received) -> ReceiptState | None:
        known = self._known.get(received.id)
        return None if known is None else known.state

    def _become(self, received: _Received, state: ReceiptState, reason: str = "") -> None:
        number = None if received.fetching is None else received.fetching.number
        self._known.change(received.id, state=state, reason=reason, download=number)


def _weight(places: Sequence[_Received], newcomer: _Received) -> int:
    """Count the places of who has told of a newcomer, and once more those of its sender."""
    of_source = [each.kept for each in places if each.kept.source == newcomer.kept.source]
    sender = newcomer.kept.offer.sender
    return len(of_source) + sum(kept.offer.sender == sender for kept in of_source)


def _crowding(places: Sequence[_Received], newcomer: _Received) -> _Received | None:
    """Return which of some is to make room: one of whoever has most, unless that is who comes."""
    found = crowding(each.kept for each in (*places, newcomer))
    if newcomer.kept in found:
        return None
    return next(each for each in reversed(places) if each.kept in found)
