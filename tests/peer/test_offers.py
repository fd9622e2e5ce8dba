"""What is pushed: who hears of it, who takes it, and what becomes of it."""

from typing import Any

from twisted.internet.defer import Deferred

from p2p_twisted.offers.accept_rule import AcceptRule
from p2p_twisted.offers.board import Board
from p2p_twisted.peer.offers_interface import KnownOffer
from p2p_twisted.testing.daemons import VirtualDaemons
from tests.peer.cases import SONG, PeerTestCase

ANYONE = AcceptRule(("anyone",))
HOUR = 3_600.0


class OffersTestCase(PeerTestCase):
    """Starts peers of which ``s1`` pushes something."""

    def network(self, others: int, accept: AcceptRule = ANYONE, **settings: Any) -> VirtualDaemons:
        daemons = self.daemons()
        daemons.start("s1", {"slides.pdf": SONG, "week 3/notes.txt": b"notes", "week 3/b": SONG})
        for number in range(2, others + 2):
            daemons.start(f"s{number}", accept=accept, **settings)
        daemons.run(10)
        return daemons

    def push(
        self,
        daemons: VirtualDaemons,
        name: str = "slides.pdf",
        to: tuple[str, ...] = ("@all",),
        **how: Any,
    ) -> KnownOffer:
        pushed: Deferred[KnownOffer] = daemons.peers["s1"].offers.push(name, to, HOUR, **how)
        return daemons.result(pushed)

    def states(self, daemons: VirtualDaemons) -> dict[str, list[str | None]]:
        """Return how far each peer is with what it was offered."""
        return {
            name: [known.state for known in peer.offers.received()]
            for name, peer in daemons.peers.items()
        }

    def look(self, daemons: VirtualDaemons, at: str, known: KnownOffer) -> Board:
        return daemons.result(daemons.peers[at].offers.look(known.offer.id))


class PushTests(OffersTestCase):
    def test_all_get_it(self) -> None:
        """Those for whom it is have it, under its name, and the sender knows."""
        daemons = self.network(5)
        known = self.push(daemons)
        daemons.run(30)
        for name in ("s2", "s3", "s4", "s5", "s6"):
            self.assertEqual(daemons.download(name, "slides.pdf"), SONG)
        self.assertEqual(self.states(daemons)["s1"], [])
        self.assertEqual(daemons.peers["s1"].offers.own(), (known,))
        board = self.look(daemons, "s1", known)
        self.assertEqual(dict(board.counts)["saved"], 5)
        self.assertTrue(board.have_all)

    def test_a_folder(self) -> None:
        """A folder lands as one, in the folder that the sender names."""
        daemons = self.network(1)
        self.push(daemons, "week 3", into="lectures/winter")
        daemons.run(30)
        self.assertEqual(daemons.download("s2", "lectures/winter/week 3/notes.txt"), b"notes")
        self.assertEqual(daemons.download("s2", "lectures/winter/week 3/b"), SONG)
