"""Spread what is offered, and compare it with neighbors, so that who comes later hears of it."""

from collections.abc import Callable, Sequence
from typing import Final

from attrs import define, field
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from p2p_twisted.offers.limits import (
    OFFERS_HELD_IN_VAIN,
    OFFERS_HELD_IN_VAIN_AGAIN_SECONDS,
    OFFERS_TOLD_BURST,
    OFFERS_TOLD_PER_SECOND,
)
from p2p_twisted.offers.needs import InNetwork
from p2p_twisted.offers.offer import BadOffer, read_withdrawal
from p2p_twisted.offers.offer_book import HeardOffer, KeptOffer, OfferBook
from p2p_twisted.offers.offer_judge import OfferJudge
from p2p_twisted.offers.offer_news import OfferNews
from p2p_twisted.offers.offer_taking import OfferTaking
from p2p_twisted.overlay.driver import OverlayDriver
from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.runtime.watches import Watches
from p2p_twisted.wire.codec import packed
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.limits import GOSSIP_LIFE_SECONDS
from p2p_twisted.wire.messages import Gossip, Offers
from p2p_twisted.wire.names import MessageId, PeerName

OFFER: Final = "offer"
"""The kind of broadcast that offers something."""

WITHDRAW: Final = "withdraw"
"""The kind of broadcast that ends an offer."""

# A broadcast that is older comes to those who were not there.
_SPREADS_SECONDS: Final = 10.0
_NAMES_SECONDS: Final = 1.0


def _allowance() -> TokenBucket:
    return TokenBucket(OFFERS_TOLD_PER_SECOND, OFFERS_TOLD_BURST)


@define(eq=False)
class _Neighbor:
    """
    A peer that this one is linked with.

    :ivar compares: whether it has said that it compares offers: others would not understand.
    :ivar may_ask: how many offers it may still ask for.
    :ivar may_tell: how many it may still tell.
    :ivar may_hold: how many it may still say that it has what they offer.
    :ivar news: those that it is still to be named.
    :ivar trust: how often it may still say so, and be found not to.
    """

    name: PeerName
    link: Connection
    compares: bool
    news: OfferNews
    may_ask: TokenBucket = field(factory=_allowance)
    may_tell: TokenBucket = field(factory=_allowance)
    may_hold: TokenBucket = field(factory=_allowance)
    trust: TokenBucket = field(
        factory=lambda: TokenBucket(1 / OFFERS_HELD_IN_VAIN_AGAIN_SECONDS, OFFERS_HELD_IN_VAIN)
    )


@define(eq=False, kw_only=True)
class OfferExchange:
    """
    Tells others what is offered, and learns what they know.

    Who offers something broadcasts it. Two that come together name to each other what they have,
    and ask for what they lack; what one learns then goes on over its other links, as does what was
    broadcast while there were too many broadcasts. Who has what is offered, or some of it, tells
    its neighbors so: they find it there, and need not search, however many others offer what there
    is not.

    :param date: reads the time of day, in seconds since 1970.
    :ivar changes: tells of what is new here, or has ended.
    """

    log = Logger()

    _book: OfferBook
    _judge: OfferJudge
    _taking: OfferTaking
    _network: InNetwork
    _clock: IReactorTime
    _date: Callable[[], float]
    changes: Watches[KeptOffer] = field(factory=Watches, init=False)
    _neighbors: dict[PeerName, _Neighbor] = field(factory=dict, init=False)
    _naming: Alarm = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._naming = Alarm(self._clock, self._name_news)
        self._taking.here.watch(self.hold)
        self._taking.in_vain.watch(self._distrust)

    def hold(self, kept: KeptOffer) -> None:
        """Tell neighbors that this peer has what is offered, or some of it."""
        kept.is_here = True
        if kept.withdrawal is None:
            for neighbor in self._neighbors.values():
                if neighbor.compares and neighbor.name not in kept.holders:
                    neighbor.link.send(Offers(held=(kept.text,)))

    def publish(self, driver: OverlayDriver, kind: str, text: str) -> None:
        """Broadcast an offer, or its end."""
        driver.publish(
            Gossip(driver.new_id(), kind, driver.me.name, 0.0, GOSSIP_LIFE_SECONDS, text=text)
        )

    def delivered(self, gossip: Gossip, link: Connection | None, is_passed_on: bool) -> None:
        """Learn from a broadcast; where there are too many, others do not get it otherwise."""
        neighbor = self._at(link)
        name = neighbor.name if neighbor else gossip.origin
        is_late = gossip.age > _SPREADS_SECONDS
        learned = self._learn(gossip.text, name, gossip.hops, is_late=is_late)
        if not is_passed_on:
            self._pass_on([learned], link)

    def neighbor_up(self, name: PeerName, link: Connection, compares: bool) -> None:
        """Begin to compare with a new neighbor, if it has said that it does, too."""
        self._neighbors[name] = neighbor = _Neighbor(name, link, compares, OfferNews(self._book))
        if compares:
            self._greet(neighbor)

    def neighbor_down(self, name: PeerName) -> None:
        """Forget a neighbor."""
        self._neighbors.pop(name, None)
        if not self._neighbors:
            self._naming.stop()

    def told(self, link: Connection, message: Offers) -> None:
        """Learn what a neighbor knows, and tell it what it does not know."""
        neighbor = self._at(link)
        if neighbor is None:
            return
        if not neighbor.compares:
            # It was dialed: now it is known that it understands.
            neighbor.compares = True
            self._greet(neighbor)
        if missing := self._book.missing(message.known):
            link.send(Offers(wanted=missing))
        self._tell(neighbor, (*message.wanted, *self._book.withdrawn(message.known)))
        texts = self._within(neighbor.may_tell, message.texts)
        learned = [self._learn(text, neighbor.name) for text in texts]
        held = self._within(neighbor.may_hold, message.held)
        self._pass_on([*learned, *(self._told_held(text, neighbor) for text in held)], link)

    def _greet(self, neighbor: _Neighbor) -> None:
        neighbor.link.send(Offers(known=self._book.ids()))

    def _within(self, allowance: TokenBucket, texts: tuple[str, ...]) -> tuple[str, ...]:
        """Return as many texts as a neighbor may still be told, or tell."""
        texts = texts[: allowance.left(self._network.driver.now())]
        allowance.spend(len(texts))
        return texts

    def _tell(self, neighbor: _Neighbor, ids: Sequence[MessageId]) -> None:
        """Tell a neighbor of some offers, as many as it may still ask for."""
        # Of what is here there is only so much: what others make up must not have it left out.
        here = [id_ for id_ in ids if (kept := self._book.get(id_)) and kept.is_here]
        for line in packed(self._book.texts(here), lambda part: Offers(held=part)):
            neighbor.link.send(line)
        others = [id_ for id_ in ids if id_ not in here]
        texts = self._within(neighbor.may_ask, self._book.texts(others))
        for line in packed(texts, lambda part: Offers(texts=part)):
            neighbor.link.send(line)

    def _told_held(self, text: str, neighbor: _Neighbor) -> KeptOffer | None:
        """Learn of an offer of what a neighbor has; return it where it is new."""
        new = self._learn(text, neighbor.name, holder=neighbor)
        if new is None and (kept := self._book.by_text(text)) is not None:
            self._is_held(kept, neighbor)
            self._taking.found(kept)
        return new

    def _is_held(self, kept: KeptOffer, holder: _Neighbor | None) -> None:
        if holder is not None and holder.trust.left(self._network.driver.now()):
            self._book.held(kept, holder.name)

    def _distrust(self, kept: KeptOffer) -> None:
        """Believe those less who said that they had what was found nowhere."""
        now = self._network.driver.now()
        said_so = [self._neighbors[name] for name in kept.holders & self._neighbors.keys()]
        kept.holders = {
            each.name for each in said_so if each.trust.take(now) and each.trust.left(now)
        }

    def _pass_on(self, learned: Sequence[KeptOffer | None], besides: Connection | None) -> None:
        """Name to other neighbors what is new here, or tell them that it has ended."""
        for neighbor in self._neighbors.values():
            if neighbor.compares and neighbor.link is not besides:
                neighbor.news.add(filter(None, learned))
        # What comes in the same second is named together: to choose among all takes a while.
        if not self._naming.is_set:
            self._name_news()

    def _name_news(self) -> None:
        """Name to each neighbor as many as it may be named now, and the others later."""
        now = self._network.driver.now()
        for neighbor in self._neighbors.values():
            for line in neighbor.news.take(now):
                neighbor.link.send(line)
                self._naming.set(_NAMES_SECONDS)
        if any(each.news.are_waiting for each in self._neighbors.values()):
            self._naming.set(_NAMES_SECONDS)

    def _learn(
        self,
        text: str,
        neighbor: PeerName,
        hops: int = 1,
        *,
        is_late: bool = True,
        holder: _Neighbor | None = None,
    ) -> KeptOffer | None:
        """Keep an offer, or end one; return it where that is new."""
        withdrawal = read_withdrawal(text)
        if withdrawal is not None:
            kept = self._book.withdraw(withdrawal, text)
            if kept is not None:
                self._taking.ended(kept)
                self.changes.tell(kept)
            return kept
        if self._book.by_text(text) is not None:
            return None
        try:
            heard = self._judge.read(text)
            added = self._book.add(heard, _source(heard, neighbor), self._date())
        except BadOffer as error:
            self.log.debug("an offer does not count: {why}", why=error)
            return None
        if added.forgotten is not None:
            self._taking.ended(added.forgotten)
        if added.new is not None:
            age = self._date() - heard.offer.issued
            added.new.is_late = is_late if holder is None else age > _SPREADS_SECONDS
            self._is_held(added.new, holder)
            self._taking.heard(added.new, hops)
            self.changes.tell(added.new)
        return added.new

    def _at(self, link: Connection | None) -> _Neighbor | None:
        return next((each for each in self._neighbors.values() if each.link is link), None)


def _source(heard: HeardOffer, neighbor: PeerName) -> PeerName:
    """Return whose share of the book an offer takes."""
    return neighbor if heard.signer is None else heard.signer.identity.name
