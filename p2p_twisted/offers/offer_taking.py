"""Decide about what is offered to this peer: by its rule, or as a person says."""

from collections.abc import Callable, Collection
from typing import Final

from attrs import define, field

from p2p_twisted.offers.accept_rule import AcceptRule
from p2p_twisted.offers.known_offers import KnownOffers
from p2p_twisted.offers.limits import OFFERS_ASKED, OFFERS_FETCHED, OFFERS_SOUGHT_PER_SECOND
from p2p_twisted.offers.offer_book import OWN, KeptOffer, OfferBook
from p2p_twisted.offers.offer_fetching import FetchingParts, OfferFetching
from p2p_twisted.offers.offer_judge import OfferJudge
from p2p_twisted.offers.offer_turns import OfferTurns
from p2p_twisted.offers.received_offer import ReceivedOffer, makes_room, weight
from p2p_twisted.overlay.effects import LocalAnswer
from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.runtime.watches import Watches
from p2p_twisted.wire.codec import printable
from p2p_twisted.wire.limits import RECEIPT_REASON_CHARACTERS
from p2p_twisted.wire.messages import Receipt, ReceiptState, Tally
from p2p_twisted.wire.names import FileId, MessageId

_KEPT_HERE: Final = "it has it, and gives it to nobody"


@define(eq=False, kw_only=True)
class OfferTaking:
    """
    Decides about each offer, and has fetched what is taken.

    A few are fetched at a time that no person has asked for, and a person is asked about a few:
    the others wait. What comes from one source, and of that in one name, takes fewer of these
    places than it leaves to others, however slowly it is delivered. What no neighbor is known
    to have is looked for by turns, and what nobody has takes no place, and is looked for again
    ever more rarely. One of which nobody ever delivers anything gives its place up for another
    one, and so does one of whoever has most of them, as long as nothing has come of it.

    :param shares: returns whether this peer shares some content, as far as is known.
    :ivar here: tells of what this peer has now, or has some of.
    :ivar in_vain: tells of what nobody was found to have.
    """

    _rule: AcceptRule
    _book: OfferBook
    _judge: OfferJudge
    _known: KnownOffers
    _parts: FetchingParts
    _shares: Callable[[FileId], bool]
    here: Watches[KeptOffer] = field(factory=Watches, init=False)
    in_vain: Watches[KeptOffer] = field(factory=Watches, init=False)
    _turns: OfferTurns = field(init=False)
    _turn: Alarm = field(init=False)
    _received: dict[MessageId, ReceivedOffer] = field(factory=dict, init=False)
    _attending: set[object] = field(factory=set, init=False)
    _is_started: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._turns = OfferTurns(self._parts.rng)
        self._turn = Alarm(self._parts.clock, self._turn_came)

    # What is offered

    def heard(self, kept: KeptOffer, hops: int = 1) -> None:
        """
        Decide about an offer, if it is meant for this peer.

        :param hops: how far its sender is: who is near begins first, and others find it there.
        """
        if self._judge.is_for_me(kept.offer):
            self._received[kept.offer.id] = ReceivedOffer(kept, hops)
            self._known.add(kept.offer, "waiting")
            self._decide(self._received[kept.offer.id])

    def found(self, kept: KeptOffer) -> None:
        """Have fetched, if it is to be, what a neighbor says it has."""
        received = self._received.get(kept.offer.id)
        if received is not None and self._state_of(received) == "waiting":
            received.passed_over = 0
            self._decide(received)

    def recall(self, kept: KeptOffer, state: ReceiptState, is_taken: bool, is_said: bool) -> None:
        """Go on with an offer as an earlier run has left it."""
        is_done = state in ("saved", "refused", "failed")
        self._received[kept.offer.id] = ReceivedOffer(
            kept, is_taken=is_taken, is_recalled=is_taken, is_said=is_said
        )
        self._known.add(kept.offer, state if is_done else "waiting")
        kept.is_here = state == "saved"
        kept.is_pinned = is_taken and not is_done

    def ended(self, kept: KeptOffer) -> None:
        """Begin nothing for an offer any more; what is being fetched of it goes on."""
        received, state = self._received.pop(kept.offer.id, None), self._known.get(kept.offer.id)
        self._known.end(kept.offer.id)
        kept.is_pinned = False
        # Otherwise there is no more room than before.
        if received and (received.is_fetched or (state and state.state == "asked")):
            self.consider()

    def answer(self, id_: MessageId, accept: bool) -> None:
        """Accept an offer, or refuse it, as a person says."""
        received = self._received[id_]
        received.is_said = True
        if accept:
            if self._state_of(received) in ("asked", "refused", "saved"):
                received.kept.is_here = received.is_recalled = False
                self._become(received, "waiting")
            self._take(received)
        else:
            had_it = self._state_of(received) == "saved"
            received.is_taken = received.kept.is_here = False
            self._give_up(received, "its push was refused")
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
        received, known, name = self._received.get(id_), self._known.get(id_), self._judge.me.name
        if received is None or known is None or known.state is None:
            return None
        fetching = received.fetching
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
            is_unshared = kept.source == OWN and not self._shares(kept.offer.file_id)
            return LocalAnswer(tally=Tally(unmeant=1, unshared=int(is_unshared)))
        tally = Tally.of(receipt, kept.offer.size, kept.is_late)
        return LocalAnswer(tally=tally, receipts=(receipt,))

    # What becomes of it

    def start(self) -> None:
        """Begin to fetch, as this peer is in its network."""
        self._is_started = True
        self.consider()

    def stop(self) -> None:
        """Begin nothing more; what is being fetched goes on in the next run."""
        self._is_started = False
        self._turn.stop()
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
        if again:
            for received in self._received.values():
                received.passed_over = max(0, received.passed_over - 1)
        waiting = [each for each in self._received.values() if self._waits(each, states)]
        now = self._parts.clock.seconds()
        for kept in self._turns.in_order((each.kept for each in waiting), now):
            # What came before may have changed it.
            if self._waits(self._received[kept.offer.id], states):
                self._decide(self._received[kept.offer.id], again)

    def _waits(self, received: ReceivedOffer, states: Collection[str]) -> bool:
        is_due = received.is_said or not received.passed_over
        return is_due and not received.is_fetched and self._state_of(received) in states

    def _decide(self, received: ReceivedOffer, again: bool = False) -> None:
        if received.is_taken:
            self._take(received, again)
            return
        identity = signer.identity if (signer := received.kept.heard.signer) else None
        verdict = self._rule.verdict(received.kept.offer, identity, bool(self._attending))
        if verdict.what == "refuse":
            self._become(received, "refused", verdict.reason)
        elif verdict.what == "take":
            self._take(received, again)
        elif self._may_ask(received):
            self._become(received, "asked")

    def _take(self, received: ReceivedOffer, again: bool = False) -> None:
        """Fetch it, if there is room, or a person wants it; otherwise later."""
        if received.is_fetched:
            return
        if not (self._is_started and (received.is_said or self._may_begin(received, again))):
            received.is_taken = received.is_said or received.is_taken
            self._become(received, "waiting")
            return
        received.is_taken = received.kept.is_pinned = received.is_fetched = True
        received.fetching = OfferFetching(
            self._parts,
            received.kept,
            hops=received.hops,
            into=self._rule.place(received.kept.offer),
            room=None if received.is_said else self._rule.most,
            is_recalled=received.is_recalled,
            waits=received.is_said,
            tell=lambda state, reason: self._told(received, state, reason),
            ended=lambda: self._fetched(received),
        )
        received.fetching.start()

    def _told(self, received: ReceivedOffer, state: ReceiptState, reason: str) -> None:
        has_some = state == "fetching" and received.fetching and received.fetching.received
        if (state == "saved" or has_some) and not received.kept.is_here:
            self._turns.found(received.kept)
            self.here.tell(received.kept)
        elif state in ("failed", "refused"):
            received.kept.is_here = False
        if state == "refused":
            # It was canceled, or takes too much: whoever comes here later is not to begin it again.
            received.is_taken, received.is_said = False, True
        self._become(received, state, reason)

    def _may_ask(self, received: ReceivedOffer) -> bool:
        """Return whether a person may be asked about it, too."""
        asked = [each for each in self._received.values() if self._state_of(each) == "asked"]
        return len(asked) < OFFERS_ASKED or self._make_room(makes_room(asked, received))

    def _turn_came(self) -> None:
        self._turns.are_awaited = False
        self.consider()

    def _may_begin(self, received: ReceivedOffer, again: bool) -> bool:
        if not self._turns.may_begin(received.kept, self._parts.clock.seconds()):
            if not self._turn.is_set:
                self._turn.set(1 / OFFERS_SOUGHT_PER_SECOND)
            return False
        if not self._has_room(received, again):
            return False
        self._turns.begins(received.kept)
        return True

    def _has_room(self, received: ReceivedOffer, again: bool) -> bool:
        """Return whether it may be fetched, too, though no person has asked for it."""
        running = [each for each in self._received.values() if each.is_fetched and not each.is_said]
        if weight(running, received) < OFFERS_FETCHED - len(running):
            return True
        idle = [each for each in running if each.fetching and not each.fetching.received]
        in_vain = (each for each in idle if each.fetching and each.fetching.is_in_vain)
        late = makes_room(idle, received)
        return self._make_room(next(in_vain, None) if again and late is None else late)

    def _make_room(self, late: ReceivedOffer | None) -> bool:
        """Have one wait, behind all others that do; return whether there was one to."""
        if late is None:
            return False
        self._received[late.id] = self._received.pop(late.id)
        late.is_taken = False
        self._give_up(late, "another push has its place, and it waits for its turn")
        self._become(late, "waiting")
        return True

    def _fetched(self, received: ReceivedOffer) -> None:
        received.is_fetched = received.kept.is_pinned = False
        if received.fetching is not None and received.fetching.found_nobody:
            self.in_vain.tell(received.kept)
            # Those who have it may just be slow to answer, as when they are flooded.
            if not received.kept.holders:
                self._turns.missed(self._parts.clock.seconds())
                received.missed()
        self.consider()

    def _give_up(self, received: ReceivedOffer, why: str) -> None:
        received.is_fetched = received.kept.is_pinned = False
        if received.fetching is not None:
            received.fetching.give_up(why)

    def _state_of(self, received: ReceivedOffer) -> ReceiptState | None:
        known = self._known.get(received.id)
        return None if known is None else known.state

    def _become(self, received: ReceivedOffer, state: ReceiptState, reason: str = "") -> None:
        number = None if received.fetching is None else received.fetching.number
        self._known.change(received.id, state=state, reason=reason, download=number)
