"""What neighbors tell each other of what is offered."""

from random import Random
from typing import Any

import pytest
from attrs import define, field
from twisted.internet.task import Clock

from p2p_twisted.offers import limits
from p2p_twisted.offers.limits import OFFERS_TOLD_BURST, OFFERS_TOLD_PER_SECOND
from p2p_twisted.offers.offer import Withdrawal, write_withdrawal
from p2p_twisted.offers.offer_book import OWN, KeptOffer, OfferBook
from p2p_twisted.offers.offer_exchange import OFFER, WITHDRAW, OfferExchange
from p2p_twisted.offers.offer_judge import OfferJudge
from p2p_twisted.runtime.watches import Watches
from p2p_twisted.wire.messages import Gossip, Offers
from p2p_twisted.wire.names import MessageId
from tests.offers.made_offers import KEY, NOW, an_offer, heard


@define(eq=False)
class Link:
    """One end of a link: what it sends arrives at the other one when that is told to read."""

    sent: list[Offers] = field(factory=list)

    def send(self, message: Offers) -> None:
        self.sent.append(message)


@define(eq=False)
class Node:
    """A peer's exchange, and what is told of offers there; stands for its network, too."""

    name: str
    clock: float = 0.0
    timer: Clock = field(factory=Clock)
    heard: list[MessageId] = field(factory=list)
    found: list[MessageId] = field(factory=list)
    ended: list[MessageId] = field(factory=list)
    links: "dict[str, tuple[Link, Node]]" = field(factory=dict)
    exchange: OfferExchange = field(init=False)
    book: OfferBook = field(factory=lambda: OfferBook(Random(1)))

    def __attrs_post_init__(self) -> None:
        taking: Any = _Taking(self)
        network: Any = self
        self.exchange = OfferExchange(
            book=self.book,
            judge=OfferJudge(self.name, "default"),
            taking=taking,
            network=network,
            clock=self.timer,
            date=lambda: NOW,
        )

    @property
    def driver(self) -> "Node":
        return self

    def now(self) -> float:
        return self.clock

    def link(self, other: "Node", is_old: bool = False) -> None:
        """Have this peer be linked with one that has dialed it."""
        for here, there, has_said_so in ((self, other, not is_old), (other, self, False)):
            here.links[there.name] = Link(), there
            here.exchange.neighbor_up(there.name, here.at(there), has_said_so)

    def at(self, other: "Node") -> Any:
        return self.links[other.name][0]

    def hear(self, text: str, by: "Node", kind: str = OFFER, goes_on: bool = True) -> None:
        """Get a broadcast."""
        gossip = Gossip("0" * 32, kind, "x", 0, 120, text=text)
        self.exchange.delivered(gossip, self.at(by), goes_on)

    def wait(self, seconds: float) -> None:
        """Let time pass here."""
        self.clock += seconds
        self.timer.advance(seconds)


@define
class _Taking:
    node: Node
    here: Watches[KeptOffer] = field(factory=Watches)
    in_vain: Watches[KeptOffer] = field(factory=Watches)

    def heard(self, kept: KeptOffer, _hops: int) -> None:
        self.node.heard.append(kept.offer.id)

    def found(self, kept: KeptOffer) -> None:
        self.node.found.append(kept.offer.id)

    def ended(self, kept: KeptOffer) -> None:
        self.node.ended.append(kept.offer.id)


def talk(*nodes: Node) -> list[Offers]:
    """Have everybody read what was sent, until there is silence; return all of it."""
    said: list[Offers] = []
    while waiting := [
        (node, link, there) for node in nodes for link, there in node.links.values() if link.sent
    ]:
        for node, link, there in waiting:
            sent, link.sent = link.sent, []
            said += sent
            for message in sent:
                there.exchange.told(there.at(node), message)
    return said


def text(**said: object) -> str:
    return heard(**said).text


END = write_withdrawal(Withdrawal(an_offer().id, KEY))


def test_nothing_to_tell() -> None:
    """Two that know the same say so in one line each."""
    anna, ben = Node("anna"), Node("ben")
    anna.link(ben)
    assert talk(anna, ben) == [Offers(), Offers()]


def test_what_each_lacks() -> None:
    """Both know all afterwards, and of a peer behind them as well, each by one line more."""
    anna, ben, carl = Node("anna"), Node("ben"), Node("carl")
    ben.link(carl)
    talk(ben, carl)
    for number in range(5):
        anna.book.add(heard(size=number), OWN, NOW)
        carl.hear(text(size=100 + number), ben)
        ben.hear(text(size=100 + number), carl)
    anna.book.add(heard(size=100), OWN, NOW)
    anna.link(ben)
    said = talk(anna, ben, carl)
    assert set(anna.book.ids()) == set(ben.book.ids()) == set(carl.book.ids())
    assert len(anna.book.ids()) == 10
    # Each text once over each link, where it was not known.
    assert sum(len(line.texts) for line in said) == 4 + 5 + 5
    assert len(ben.heard) == 10


def test_earlier_versions() -> None:
    """They are sent nothing that they would not understand, by neither side."""
    anna, old = Node("anna"), Node("old")
    anna.book.add(heard(), OWN, NOW)
    anna.link(old, is_old=True)
    anna.hear(text(size=1), old)
    assert talk(anna, old) == []
    carl = Node("carl")
    carl.book.add(heard(size=2), OWN, NOW)
    anna.link(carl)
    talk(anna, carl)
    assert len(anna.book.ids()) == 3
    assert old.exchange._neighbors["anna"].compares is False
    assert anna.at(old).sent == []


def test_an_end() -> None:
    """Who has the offer hears of its end by comparing, and so does who is behind it."""
    anna, ben, carl = Node("anna"), Node("ben"), Node("carl")
    ben.link(carl)
    for each, by in ((ben, carl), (carl, ben)):
        each.hear(text(), by)
    talk(ben, carl)
    anna.book.add(heard(), OWN, NOW)
    anna.book.withdraw(Withdrawal(an_offer().id, KEY), END)
    anna.link(ben)
    talk(anna, ben, carl)
    assert ben.ended == carl.ended == [an_offer().id]
    assert ben.book.ids() == carl.book.ids() == ()


def test_an_end_that_nobody_may_say() -> None:
    """Who has not made the offer does not know its key."""
    anna, ben = Node("anna"), Node("ben")
    anna.link(ben)
    ben.hear(text(), anna)
    for key in ("6" * 32, an_offer().lock):
        ben.hear(write_withdrawal(Withdrawal(an_offer().id, key)), anna, WITHDRAW)
        ben.exchange.told(ben.at(anna), Offers(texts=(END[:-34] + f'{key}"}}',)))
    assert (ben.ended, len(ben.book.ids())) == ([], 1)
    ben.hear(END, anna, WITHDRAW)
    assert (ben.ended, len(ben.book.ids())) == ([an_offer().id], 0)


def test_again() -> None:
    """An offer that was heard, has ended or was withdrawn does nothing when it is played back."""
    anna, ben = Node("anna"), Node("ben")
    anna.link(ben)
    talk(anna, ben)
    for _ in range(3):
        ben.hear(text(), anna)
        ben.exchange.told(ben.at(anna), Offers(texts=(text(), text())))
    ben.hear(END, anna, WITHDRAW)
    ben.hear(text(), anna)
    ben.hear(text(until=NOW, issued=NOW - 100), anna)
    assert ben.heard == [an_offer().id]
    assert ben.book.ids() == ()


@pytest.mark.parametrize(
    "nonsense",
    ["", "{}", "x" * 2_048, "a.b.c.d", '{"kind":"withdrawal"}', '{"kind":"offer"}', "[" * 2_048],
)
def test_nonsense(nonsense: str) -> None:
    ben, anna = Node("ben"), Node("anna")
    anna.link(ben)
    ben.hear(nonsense, anna)
    ben.exchange.told(ben.at(anna), Offers(("0" * 32,), ("1" * 32,), (nonsense,)))
    assert (ben.heard, ben.book.all()) == ([], ())


def test_who_asks_without_end() -> None:
    """One that asks for everything again and again is told no more than its share."""
    anna, mallory = Node("anna"), Node("mallory")
    anna.link(mallory)
    talk(anna, mallory)
    for number in range(100):
        anna.book.add(heard(size=number), OWN, NOW)
    ids = anna.book.ids()
    for _ in range(1_000):
        anna.exchange.told(anna.at(mallory), Offers(wanted=ids))
    assert sum(len(line.texts) for line in anna.at(mallory).sent) == OFFERS_TOLD_BURST
    anna.clock += 2
    anna.at(mallory).sent.clear()
    anna.exchange.told(anna.at(mallory), Offers(wanted=ids))
    assert sum(len(line.texts) for line in anna.at(mallory).sent) == 2 * OFFERS_TOLD_PER_SECOND


def test_who_tells_without_end() -> None:
    """One that tells of new offers again and again is believed no more of them than its share."""
    anna, mallory = Node("anna"), Node("mallory")
    anna.link(mallory)
    talk(anna, mallory)
    for number in range(1_000):
        some = tuple(text(size=each) for each in range(number * 10, number * 10 + 10))
        anna.exchange.told(anna.at(mallory), Offers(texts=some))
    assert len(anna.heard) == OFFERS_TOLD_BURST
    anna.clock += 2
    anna.exchange.told(anna.at(mallory), Offers(texts=tuple("nonsense" for _ in range(100))))
    anna.exchange.told(anna.at(mallory), Offers(texts=(text(size=20_000),)))
    assert len(anna.heard) == OFFERS_TOLD_BURST


def test_what_is_broadcast_no_further() -> None:
    """Where there are too many broadcasts, others hear of it by comparing, also of its end."""
    anna, ben, carl = Node("anna"), Node("ben"), Node("carl")
    for node in (anna, carl):
        ben.link(node)
    ben.hear(text(), anna, goes_on=False)
    talk(anna, ben, carl)
    assert carl.heard == [an_offer().id]
    ben.hear(END, anna, WITHDRAW, goes_on=False)
    ben.wait(1.0)
    talk(ben, carl)
    assert carl.ended == [an_offer().id]


def test_rare_ones_come_first() -> None:
    """Who offers without end keeps back its own alone, and nobody hears of what it cannot have."""
    anna, ben, carl, mallory = all_of = [Node(name) for name in ("anna", "ben", "carl", "mallory")]
    for node in (anna, carl, mallory):
        ben.link(node)
    talk(*all_of)
    numbers, named = iter(range(10_000)), 0
    for second in range(60):
        for _ in range(20):
            ben.hear(text(size=next(numbers)), mallory, goes_on=False)
        if second % 5 == 0:
            ben.hear(text(sender="anna", size=second), anna, goes_on=False)
        said = talk(*all_of)
        for node in all_of:
            node.wait(1.0)
        said += talk(*all_of)
        if second % 5 == 0:
            assert heard(sender="anna", size=second).offer.id in carl.heard
        named += sum(len(line.known) for line in said)
    assert named <= 2 * (limits.OFFERS_NAMED_BURST + 63 * limits.OFFERS_NAMED_PER_SECOND)
    # But for what is forgotten here before it is asked for.
    assert len(carl.heard) + len(anna.heard) > 0.95 * named


def test_a_neighbor_that_has_gone() -> None:
    anna, ben = Node("anna"), Node("ben")
    anna.link(ben)
    talk(anna, ben)
    link = anna.at(ben)
    anna.exchange.neighbor_down("ben")
    anna.exchange.told(link, Offers(("0" * 32,)))
    assert link.sent == []
    gossip = Gossip("0" * 32, OFFER, "ben", 0, 120, text=text())
    anna.exchange.delivered(gossip, None, is_passed_on=True)
    assert anna.heard == [an_offer().id]
