"""What a person pushes to others, and what others push: see :class:`IOffers`."""

from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, Final

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from p2p_twisted.offers.board import Board
from p2p_twisted.offers.kept_offers import KeptOffers, OfferRecord
from p2p_twisted.offers.known_offers import KnownOffers
from p2p_twisted.offers.limits import OWN_OFFERS
from p2p_twisted.offers.needs import InNetwork, WritesOffers
from p2p_twisted.offers.offer import BadOffer, Offer, Withdrawal, read_withdrawal, write_withdrawal
from p2p_twisted.offers.offer_book import OWN, KeptOffer, OfferBook
from p2p_twisted.offers.offer_exchange import OFFER, WITHDRAW, OfferExchange
from p2p_twisted.offers.offer_judge import OfferJudge
from p2p_twisted.offers.offer_looks import OfferLooks
from p2p_twisted.offers.offer_taking import OfferTaking
from p2p_twisted.offers.offer_waiting import wait_for
from p2p_twisted.offers.offers_interface import (
    HashingWatch,
    IOffers,
    KnownOffer,
    OfferWatch,
    Waited,
    unwatched_hashing,
)
from p2p_twisted.peer_errors import CannotKeep, PeerError, Unknown
from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.runtime.amounts import clock_time
from p2p_twisted.runtime.os_errors import in_words
from p2p_twisted.runtime.tasks import uninterrupted
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.storage.state import StateDirectory
from p2p_twisted.trust.limits import STATEMENT_FRESH_SECONDS
from p2p_twisted.wire.names import MessageId

_TEND_SECONDS: Final = 60.0
_SPREADS_SECONDS: Final = 1.0
_TOLD_AGAIN_PER_SECOND: Final = 1 / 60
_TOLD_AGAIN_AT_ONCE: Final = 2


@implementer(IOffers)
@define(eq=False, kw_only=True)
class PeerOffers:
    """
    One peer's part in what is offered in its network.

    :param date: reads the time of day, in seconds since 1970.
    :param ahead: tells by how many seconds that is ahead of the registry's, as far as is known.
    :param has_all: looks whether all of what was saved is still here.
    :param announce: is told what a person should know.
    """

    _clock: IReactorTime
    _date: Callable[[], float]
    _ahead: Callable[[], float | None]
    _network: InNetwork
    _judge: OfferJudge
    _book: OfferBook
    _known: KnownOffers
    _writing: WritesOffers
    _exchange: OfferExchange
    _taking: OfferTaking
    _looks: OfferLooks
    _has_all: Callable[[Offer], Coroutine[Any, Any, bool]]
    _state: StateDirectory
    _offload: Offload
    _announce: Callable[[str], None]
    _kept: KeptOffers = field(init=False)
    # What withdraws those of this peer's own.
    _keys: dict[MessageId, MessageId] = field(factory=dict, init=False)
    _alarm: Alarm = field(init=False)
    # Whom the broadcast reaches is not to hear of it by neighbors first.
    _holding: Alarm = field(init=False)
    # Where peers of an earlier version are, some never hear of any.
    _telling_again: TokenBucket = field(
        factory=lambda: TokenBucket(_TOLD_AGAIN_PER_SECOND, _TOLD_AGAIN_AT_ONCE), init=False
    )

    def __attrs_post_init__(self) -> None:
        self._alarm = Alarm(self._clock, self._tend)
        self._holding = Alarm(self._clock, self._hold)
        self._kept = KeptOffers(
            self._state, self._offload, self._clock, self._records, self._announce
        )
        self._exchange.changes.watch(lambda _kept: self._kept.changed())
        self._known.watch(lambda known: self._kept.changed(known.state == "saved"))

    # Its life

    def recall(self) -> None:
        """Read what earlier runs have kept."""
        for record in self._kept.recall():
            self._recall(record)

    def start(self) -> None:
        """Begin to fetch what is taken, as this peer is in its network."""
        self._kept.tell_laid_aside()
        self._taking.start()
        self._alarm.set(_TEND_SECONDS)

    def stop(self) -> "Deferred[None]":
        """Leave all for the next run; fires when nothing is being written."""
        self._alarm.stop()
        self._holding.stop()
        self._taking.stop()
        return self._kept.stop()

    # For the faces: see IOffers

    def push(
        self,
        name: str,
        to: Sequence[str],
        seconds: float,
        into: str | None = None,
        watch: HashingWatch = unwatched_hashing,
    ) -> "Deferred[KnownOffer]":
        """Offer something that this peer shares."""
        return Deferred.fromCoroutine(self._push(name, to, seconds, into, watch))

    def withdraw(self, offer: MessageId) -> "Deferred[None]":
        """End an offer of this peer's."""
        return Deferred.fromCoroutine(self._withdraw(offer))

    def own(self) -> tuple[KnownOffer, ...]:
        """List what this peer offers."""
        self._expire()
        return tuple(known for known in self._known.all() if known.state is None)

    def received(self) -> tuple[KnownOffer, ...]:
        """List what is offered to this peer."""
        self._expire()
        return tuple(known for known in self._known.all() if known.state is not None)

    def answer(self, offer: MessageId, accept: bool) -> None:
        """Accept an offer, or refuse it."""
        self._expire()
        known = self._known.get(offer)
        if known is None or known.state is None:
            raise Unknown("that is not offered to this peer, or not any more")
        self._taking.answer(offer, accept)

    def is_here(self, offer: Offer) -> "Deferred[bool]":
        """Look whether all of an offer that was saved is still here."""
        return Deferred.fromCoroutine(self._has_all(offer))

    def attend(self) -> Callable[[], None]:
        """Have a person be asked about offers, where no rule says otherwise."""
        return self._taking.attend()

    def look(self, offer: MessageId) -> "Deferred[Board]":
        """Ask all others how far they are with an offer."""
        self._expire()
        kept = self._book.get(offer)
        if kept is None or kept.withdrawal is not None:
            return fail(Unknown("no such offer is known here, or it is over"))
        looking = self._looks.look(kept.offer, kept.offer.until - self._date())
        return looking.addCallback(self._seen, kept) if kept.source == OWN else looking

    def wait(self, offer: MessageId, seconds: float) -> "Deferred[Waited]":
        """Look again and again."""
        return Deferred.fromCoroutine(wait_for(self, self._clock, offer, seconds))

    def watch(self, watch: OfferWatch) -> Callable[[], None]:
        """Tell of offers from now on."""
        return self._known.watch(watch)

    # How it works

    def _seen(self, board: Board, kept: KeptOffer) -> Board:
        """Broadcast an offer again of which some do not know."""
        if board.unaware and self._telling_again.take(self._clock.seconds()):
            self._exchange.hold(kept)
            self._exchange.publish(self._network.driver, OFFER, kept.heard.text)
        return board

    def _hold(self) -> None:
        """Tell neighbors that what this peer has offered of late is here."""
        for kept in self._book.all():
            if kept.source == OWN and not kept.is_here:
                self._exchange.hold(kept)

    async def _push(
        self, name: str, to: Sequence[str], seconds: float, into: str | None, watch: HashingWatch
    ) -> KnownOffer:
        if len(self.own()) >= OWN_OFFERS:
            raise PeerError(f"this peer pushes {OWN_OFFERS} things already: unpush some of them")
        driver = await self._network.connected()
        self._check_clock(seconds)
        heard, key, left_out = await self._writing.write(name, to, seconds, into, watch)
        added = self._book.add(heard, OWN, self._date())
        if added.forgotten is not None:
            self._taking.ended(added.forgotten)
        self._keys[heard.offer.id] = key
        known = self._known.add(heard.offer, None, left_out)
        try:
            await uninterrupted(Deferred.fromCoroutine(self._kept.write()))
        except (CancelledError, OSError) as error:
            self._forget(self._book.drop([heard.offer.id]))
            if isinstance(error, CancelledError):
                raise
            why = f"it is not pushed, as that cannot be kept: {in_words(error)}"
            raise CannotKeep(why) from None
        self._exchange.publish(driver, OFFER, heard.text)
        self._holding.set(_SPREADS_SECONDS)
        return known

    def _check_clock(self, seconds: float) -> None:
        ahead = self._ahead() or 0.0
        if ahead > STATEMENT_FRESH_SECONDS:
            raise PeerError(
                f"this machine's clock is {clock_time(ahead)} ahead of the registry's, so others"
                " would not believe its offers: set the clock"
            )
        if ahead + seconds <= 0:
            raise PeerError(
                f"this machine's clock is {clock_time(-ahead)} behind the registry's, so for others"
                " this would be over: set the clock"
            )

    async def _withdraw(self, id_: MessageId) -> None:
        key = self._keys.get(id_)
        if key is None or self._known.get(id_) is None:
            raise Unknown("this peer offers no such thing, or not any more")
        driver = await self._network.connected()
        withdrawal = Withdrawal(id_, key)
        text = write_withdrawal(withdrawal)
        kept = self._book.withdraw(withdrawal, text)
        if kept is not None:
            self._taking.ended(kept)
        self._exchange.publish(driver, WITHDRAW, text)
        try:
            await self._kept.write()
        except OSError as error:
            why = f"all were told, but the next run offers it again: {in_words(error)}"
            raise CannotKeep(why) from None

    def _tend(self) -> None:
        """See what has ended, and whether there is room for more."""
        self._alarm.set(_TEND_SECONDS)
        self._expire()
        self._taking.consider(again=True)

    def _expire(self) -> None:
        """Forget what has ended, or does not count any more."""
        void = [each.offer.id for each in self._book.all() if not self._judge.counts(each.heard)]
        self._forget((*self._book.drop(void), *self._book.expire(self._date())))

    def _forget(self, ended: Sequence[KeptOffer]) -> None:
        for kept in ended:
            self._keys.pop(kept.offer.id, None)
            self._taking.ended(kept)
            self._kept.changed()

    # Over restarts

    def _records(self) -> Iterator[OfferRecord]:
        """Return what is to be kept."""
        for kept in self._book.all():
            id_ = kept.offer.id
            known, (is_taken, is_said) = self._known.get(id_), self._taking.decisions(id_)
            yield OfferRecord(
                kept.heard.text,
                kept.source,
                key=self._keys.get(id_),
                withdrawal=kept.withdrawal,
                state=None if known is None else known.state,
                is_taken=is_taken,
                is_said=is_said,
                is_late=kept.is_late,
            )

    def _recall(self, record: OfferRecord) -> None:
        try:
            heard = self._judge.read(record.text)
            kept = self._book.add(heard, record.source, self._date()).new
        except BadOffer:
            self._kept.lay_aside(record, self._date())
            return
        if kept is None:
            return
        kept.is_late = record.is_late
        withdrawal = None if record.withdrawal is None else read_withdrawal(record.withdrawal)
        if withdrawal is not None:
            self._book.withdraw(withdrawal, record.withdrawal or "")
        elif record.key is not None:
            self._keys[heard.offer.id] = record.key
            kept.is_here = True
            self._known.add(heard.offer, None)
        elif record.state is None or not self._judge.is_for_me(heard.offer):
            self._taking.heard(kept)
        else:
            self._taking.recall(kept, record.state, record.is_taken, record.is_said)
