"""Peers of which one pushes something, for tests."""

from typing import Any

import msgspec
from twisted.internet.defer import Deferred

from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.offers.accept_rule import AcceptRule
from p2p_twisted.offers.board import Board
from p2p_twisted.offers.offer import lock_of
from p2p_twisted.offers.offer_exchange import OFFER
from p2p_twisted.offers.offers_interface import KnownOffer
from p2p_twisted.peer.peer import Peer
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.testing.introspection import driver_of
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.messages import Gossip
from tests.peer.cases import SONG, PeerTestCase

ANYONE = AcceptRule(("anyone",))
ASK = AcceptRule(("ask",))
HOUR = 3_600.0
DAY = 86_400
FILES = {"slides.pdf": SONG, "week 3/notes.txt": b"notes", "week 3/b": SONG}


class OffersTestCase(PeerTestCase):
    """Starts peers of which ``s1`` pushes something."""

    def network(self, others: int, accept: AcceptRule = ANYONE) -> VirtualDaemons:
        daemons = self.daemons()
        daemons.start("s1", FILES)
        for number in range(2, others + 2):
            daemons.start(f"s{number}", accept=accept)
        daemons.run(10)
        return daemons

    def begun_push(self) -> VirtualDaemons:
        """Have ``s1`` push something to ``s2``, which has some of it when this ends."""
        daemons = self.daemons()
        daemons.start("s1", FILES, rates=Rates(up=MIB))
        daemons.start("s2", accept=ANYONE)
        daemons.run(10)
        self.push(daemons)
        daemons.run(3)
        return daemons

    def push(
        self,
        daemons: VirtualDaemons,
        name: str = "slides.pdf",
        to: tuple[str, ...] = ("@all",),
        seconds: float = HOUR,
        into: str | None = None,
    ) -> KnownOffer:
        pushed: Deferred[KnownOffer] = daemons.peers["s1"].offers.push(name, to, seconds, into)
        return daemons.result(pushed)

    def offer(self, daemons: VirtualDaemons, **said: Any) -> None:
        """Have mallory offer something, in an open network's words."""
        driver = driver_of(daemons.peers["mallory"])
        assert driver is not None
        now = int(daemons.wall())
        usual = {
            "kind": "offer",
            "file_id": "a" * 64,
            "name": "free.exe",
            "size": 5,
            "sender": "mallory",
            "to": ["@all"],
            "issued": now,
            "until": now + DAY,
            "network": "default",
            "lock": lock_of("0" * 32),
        }
        text = msgspec.json.encode({**usual, **said}).decode()
        driver.publish(Gossip(driver.new_id(), OFFER, "mallory", 0, 120, text=text))

    def heard(self, peer: Peer) -> KnownOffer:
        """Return the only offer that a peer has heard of."""
        [known] = peer.offers.received()
        return known

    def states(self, daemons: VirtualDaemons) -> dict[str, list[str | None]]:
        """Return how far each peer is with what it was offered."""
        return {
            name: [known.state for known in peer.offers.received()]
            for name, peer in daemons.peers.items()
        }

    def look(self, daemons: VirtualDaemons, at: str, known: KnownOffer) -> Board:
        return daemons.result(daemons.peers[at].offers.look(known.offer.id))

    def downloads(self, daemons: VirtualDaemons, name: str) -> list[str]:
        """List what a peer has downloaded."""
        folder = daemons.folder / name / "Downloads"
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
