"""
Push something to very many simulated peers, and compare what the sender is told with what is true.

    python -m benchmarks.fleet --peers 10000 --dead 50 --late 20

The overlay's machines are those that ship, and so is what looks and keeps the board. How fast
receivers fetch is drawn at random. Times are virtual seconds, and lines are those that peers send.
"""

import argparse
from collections.abc import Iterator, Sequence
from typing import Any, Final

import attrs
from attrs import frozen
from twisted.internet.defer import Deferred, succeed
from typing_extensions import override

from benchmarks.simulated.lives import Copies
from p2p_twisted.offers.board import Board
from p2p_twisted.offers.offer import EVERYBODY, Offer, lock_of, read_offer, write_offer
from p2p_twisted.offers.offer_looks import OfferLooks
from p2p_twisted.overlay.effects import Answer, Deliver, Effect, LocalAnswer, NeighborUp
from p2p_twisted.simulation.simulated_network import SimulatedNetwork
from p2p_twisted.simulation.simulated_peer import SimulatedPeer, latency_between
from p2p_twisted.wire.messages import Ask, Gossip, Receipt, ReceiptState, Tally
from p2p_twisted.wire.names import MessageId, PeerAddress, PeerName

SIZE: Final = 2**28
_BEGINS_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.05
_SPREADS_SECONDS: Final = 10.0
_KIND: Final = "offer"


class Fleet(SimulatedNetwork):
    """
    Peers that take what is offered, each at its own pace.

    :param takes: how long the quickest of them fetches, and the slowest, in seconds.
    :ivar heard: when each peer heard of the offer.
    """

    def __init__(self, seed: int = 1, takes: tuple[float, float] = (5.0, 90.0)) -> None:
        super().__init__(seed, observer=Copies())
        self._takes = takes
        self.heard: dict[PeerName, float] = {}
        self._late: set[PeerName] = set()
        self.offer: Offer | None = None

    def push(self, sender: SimulatedPeer) -> Offer:
        """Have a peer offer something to all others."""
        said = Offer(
            file_id=f"{self.seed:064x}",
            name="image.iso",
            size=SIZE,
            sender=sender.name,
            to=(EVERYBODY,),
            issued=0,
            until=3_600,
            network="default",
            lock=lock_of("0" * 32),
        )
        self.offer = offer = read_offer(write_offer(said))
        self.heard[sender.name] = self.now
        sender.offers[offer.id] = LocalAnswer(tally=Tally(unmeant=1))
        self.tell(sender, Gossip(self.new_id(), _KIND, sender.name, 0.0, 120.0))
        return offer

    def in_state(self, state: ReceiptState) -> list[PeerName]:
        """List the peers that run and are that far."""
        assert self.offer is not None
        said = ((peer.name, peer.offers.get(self.offer.id)) for peer in self.alive)
        rows = (row for _, answer in said if answer is not None for row in answer.receipts)
        return [row.peer for row in rows if row.state == state]

    @override
    def _perform(self, peer: SimulatedPeer, effects: list[Effect]) -> None:
        super()._perform(peer, effects)
        for effect in effects:
            match effect:
                case Deliver(gossip) if gossip.kind == _KIND:
                    self._hear(peer, gossip.age > _SPREADS_SECONDS)
                case NeighborUp(address=address) if peer.name in self.heard:
                    # As peers compare what they keep, once they are linked.
                    other = self.peers[address.name]
                    self.later(2 * latency_between(peer, other), self._hear, other, True)

    def _hear(self, peer: SimulatedPeer, is_late: bool) -> None:
        if peer.is_alive and peer.name not in self.heard:
            self.heard[peer.name] = self.now
            if is_late:
                self._late.add(peer.name)
            self._say(peer, Receipt(peer.name, "waiting"))
            self.later(self.rng.uniform(0.0, _BEGINS_SECONDS), self._begin, peer)

    def _begin(self, peer: SimulatedPeer) -> None:
        takes = self.rng.uniform(*self._takes)
        self._say(peer, Receipt(peer.name, "fetching", SIZE // 3, SIZE / takes))
        self.later(takes, self._say, peer, Receipt(peer.name, "saved", SIZE))

    def _say(self, peer: SimulatedPeer, receipt: Receipt) -> None:
        assert self.offer is not None
        answer = LocalAnswer(
            tally=Tally.of(receipt, SIZE, peer.name in self._late), receipts=(receipt,)
        )
        peer.offers[self.offer.id] = answer


@frozen(eq=False)
class Looking:
    """One simulated peer, as what looks at offers sees its network."""

    fleet: Fleet
    peer: SimulatedPeer
    asked: list[MessageId] = attrs.field(factory=list)

    @property
    def me(self) -> PeerAddress:
        """Where it listens."""
        return self.peer.address

    def seconds(self) -> float:
        """Read the clock."""
        return self.fleet.now

    def connected(self) -> "Deferred[Looking]":
        """Return what asks others."""
        return succeed(self)

    def new_id(self) -> MessageId:
        """Draw the id of a question."""
        return self.fleet.new_id()

    def ask(self, ask: Ask) -> "Deferred[Answer]":
        """Ask all others."""
        answered: Deferred[Answer] = Deferred()
        self.asked.append(ask.id)
        self.fleet.put(self.peer, ask)
        self._settle(ask.id, answered)
        return answered

    def _settle(self, id_: MessageId, answered: "Deferred[Answer]") -> None:
        if id_ in self.peer.answers:
            answered.callback(self.peer.answers[id_][1])
        else:
            self.fleet.later(_LOOK_SECONDS, self._settle, id_, answered)


@frozen
class Seen:
    """
    One look.

    :ivar at: seconds since the push.
    :ivar lines: that it cost, of all peers together.
    :ivar saved: how many had it, in truth, when it was over.
    """

    at: float
    board: Board
    lines: int
    saved: int


def watch(fleet: Fleet, sender: SimulatedPeer, offer: Offer, most: float) -> Iterator[Seen]:
    """Look as often as is worth while, until all is done."""
    network: Any = Looking(fleet, sender)
    looks = OfferLooks(network, network, lambda id_: sender.offers[id_])
    began = fleet.now
    while fleet.now < began + most:
        before = len(network.asked)
        boards: list[Board] = []
        looks.look(offer).addCallback(boards.append)
        while not boards:
            fleet.run(_LOOK_SECONDS)
        saved = len(fleet.in_state("saved"))
        # What is still on its way belongs to it, too.
        fleet.run(boards[0].look_again)
        assert isinstance(fleet.observer, Copies)
        lines = sum(fleet.observer.traffic.asked[id_] for id_ in network.asked[before:])
        yield Seen(fleet.now - boards[0].look_again - began, boards[0], lines, saved)
        if boards[0].is_done:
            return


def form(fleet: Fleet, peers: int) -> None:
    """Have a network form, and settle for half a minute."""
    fleet.add_many(peers, apart=10.0 / peers)
    fleet.run(30.0)
    for _ in range(5):
        fleet.publish(fleet.rng.choice(fleet.alive))
        fleet.run(1.0)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what the sender is told, and what it costs."""
    known = argparse.ArgumentParser(description=__doc__)
    known.add_argument("--peers", type=int, default=10_000)
    known.add_argument("--dead", type=int, default=50, help="vanish as it is pushed")
    known.add_argument("--late", type=int, default=20, help="come a minute later")
    known.add_argument("--seed", type=int, default=1)
    options = known.parse_args(arguments)
    fleet = Fleet(options.seed)
    form(fleet, options.peers)
    sender, *others = fleet.alive
    for peer in fleet.rng.sample(others, options.dead):
        fleet.die_silently(peer)
    began, before = fleet.now, fleet.lines
    offer = fleet.push(sender)
    fleet.run(5.0)
    latest = max(fleet.heard.values()) - began
    print(
        f"{len(fleet.heard):,} of {len(fleet.alive):,} that run have it in {latest:.2f} s,", end=""
    )
    print(f" for {(fleet.lines - before) / options.peers:.1f} lines a peer in 5 s")
    fleet.later(60.0, lambda: [fleet.add(f"late{number}") for number in range(options.late)])
    print("| at, s | receivers | saved | in truth | off | lines a peer | done | not heard from |")
    print("|---:|---:|---:|---:|---:|---:|---:|---|")
    for seen in watch(fleet, sender, offer, 3_600.0):
        board = seen.board
        least = "" if board.is_whole else "at least "
        off, unheard = (board.counts.get(state, 0) for state in ("off", "not heard from"))
        row = [f"{seen.at:.1f}", f"{least}{board.receivers:,}"]
        row += [f"{count:,}" for count in (board.counts["saved"], seen.saved, off)]
        row += [f"{seen.lines / options.peers:.2f}", str(board.is_done), f"{unheard:,}"]
        print("|", " | ".join(row), "|")


if __name__ == "__main__":
    main()
