"""Something is pushed to whole peers, of which some refuse, are off, or go: what the board says."""

import random
from collections.abc import Mapping
from typing import Any

from p2p_twisted.offers.accept_rule import AcceptRule
from p2p_twisted.offers.board import Board
from p2p_twisted.peer.sights import QuestionSeen
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.testing.introspection import driver_of
from p2p_twisted.testing.network import VirtualNetwork
from p2p_twisted.testing.paths import Path as Way
from p2p_twisted.testing.paths import Paths
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.messages import Ask
from p2p_twisted.wire.names import MessageId
from tests.peer.cases import PeerTestCase

CONTENT = random.Random(1).randbytes(4 * MIB + 100)
SLOW = Way(0.01, bandwidth=MIB)
TAKES: Mapping[str, Any] = {"accept": AcceptRule(("anyone",))}
HOUR = 3_600.0


class PushTests(PeerTestCase):
    """Peers between which a MiB a second gets through; ``s1`` pushes to all."""

    def started(self, *receivers: Mapping[str, Any]) -> VirtualDaemons:
        """Start ``s1``, and receivers with these settings."""
        daemons = self.network = self.on(VirtualNetwork(paths=Paths(SLOW)))
        daemons.start_registry()
        daemons.start("s1", {"f1.bin": CONTENT})
        for number, settings in enumerate(receivers, 2):
            daemons.start(f"s{number}", **settings)
        daemons.run(20.0)
        return daemons

    def push(self, *to: str) -> MessageId:
        """Push from ``s1``."""
        pushed = self.network.peers["s1"].offers.push("f1.bin", to or ("@all",), HOUR)
        return self.network.result(pushed).offer.id

    def look(self, offer: MessageId, name: str = "s1") -> Board:
        """Look once."""
        return self.network.result(self.network.peers[name].offers.look(offer))

    def until_done(self, offer: MessageId) -> Board:
        """Look until nothing more happens."""
        end = self.network.network.clock.now + 300.0
        while self.network.network.clock.now < end:
            board = self.look(offer)
            if board.is_done:
                return board
            self.network.run(board.look_again)
        raise AssertionError(board)

    def states(self, board: Board) -> dict[str, str]:
        return {row.peer: row.state for row in board.rows}

    def test_all_take_it(self) -> None:
        """All get it, and whoever looks sees that, from anywhere."""
        self.started(*[TAKES] * 5)
        offer = self.push()
        early = self.look(offer)
        self.assertFalse(early.is_done)
        board = self.until_done(offer)
        self.assertTrue(board.have_all)
        self.assertEqual(self.states(board), dict.fromkeys(["s2", "s3", "s4", "s5", "s6"], "saved"))
        self.assertEqual((board.received, board.share), (5 * len(CONTENT), 1.0))
        for name in ("s2", "s6"):
            self.assertEqual(self.network.download(name, "f1.bin"), CONTENT)
        elsewhere = self.look(offer, "s4")
        self.assertEqual(self.states(elsewhere), self.states(board))
        self.assertTrue(elsewhere.have_all)

    def test_looks_are_no_searches(self) -> None:
        """Who watches what others search sees no looks, of which there may be one a second."""
        daemons = self.started(TAKES)
        seen: list[object] = []
        for peer in daemons.peers.values():
            peer.watch_sights(seen.append)
        offer = self.push()
        self.until_done(offer)
        asked = [each for each in seen if isinstance(each, QuestionSeen)]
        self.assertNotIn(offer, [question.text for question in asked])

    def test_some_do_not(self) -> None:
        """One refuses and one takes nothing so large: the board says so, with the reason."""
        small = {"accept": AcceptRule(("anyone",), most=MIB)}
        none = {"accept": AcceptRule(("none",))}
        self.started(TAKES, none, small)
        board = self.until_done(self.push())
        self.assertEqual(self.states(board), {"s2": "saved", "s3": "refused", "s4": "refused"})
        self.assertTrue(all(row.reason for row in board.rows if row.state == "refused"))
        self.assertFalse(board.have_all)
        self.assertEqual(board.share, 1.0)

    def test_late(self) -> None:
        """Those that are off get it when they come, though it was pushed long before."""
        daemons = self.started(*[TAKES] * 4)
        for name in ("s4", "s5"):
            self.network.result(daemons.stop(name))
        daemons.run(20.0)
        offer = self.push()
        board = self.until_done(offer)
        self.assertEqual(self.states(board), {"s2": "saved", "s3": "saved"})
        daemons.run(1_800.0)
        for name in ("s4", "s5"):
            daemons.start(name, **TAKES)
        daemons.run(60.0)
        board = self.until_done(offer)
        self.assertEqual(self.states(board), dict.fromkeys(["s2", "s3", "s4", "s5"], "saved"))
        self.assertEqual(self.network.download("s5", "f1.bin"), CONTENT)
        self.assertEqual(self.late(offer), 2)
        for name in ("s3", "s4"):
            daemons.crash(name)
            daemons.start(name, **TAKES)
        daemons.run(60.0)
        self.assertEqual(self.late(offer), 2)

    def late(self, offer: MessageId) -> int:
        """Return how many of all say that they have come later."""
        driver = driver_of(self.network.peers["s1"])
        assert driver is not None
        answer = self.network.result(driver.ask(Ask(driver.new_id(), "id", offer)))
        assert answer.tally is not None
        self.assertEqual(answer.tally.saved, 4)
        return answer.tally.late

    def test_named_and_off(self) -> None:
        """Who is named is missed, though nobody has heard of it; who is not named gets nothing."""
        self.started(*[TAKES] * 2)
        offer = self.push("s2", "s9")
        board = self.until_done(offer)
        self.assertEqual((self.states(board), board.off), ({"s2": "saved"}, ("s9",)))
        self.assertFalse(board.have_all)
        self.assertFalse((self.network.folder / "s3" / "Downloads" / "f1.bin").exists())

    def test_vanishes_midway(self) -> None:
        """One that vanishes while it fetches is off, and the others are not kept waiting."""
        daemons = self.started(*[TAKES] * 4)
        offer = self.push()
        daemons.run(3.0)
        self.look(offer)
        daemons.vanish("s3")
        board = self.until_done(offer)
        self.assertEqual(self.states(board), dict.fromkeys(["s2", "s4", "s5"], "saved"))
        self.assertEqual((board.off, board.counts["off"]), (("s3",), 1))

    def test_sender_starts_again(self) -> None:
        """After a restart the sender looks at what it has pushed before."""
        daemons = self.started(*[TAKES] * 2)
        offer = self.push()
        daemons.run(1.0)
        daemons.crash("s1")
        daemons.run(20.0)
        daemons.start("s1")
        daemons.run(30.0)
        self.assertEqual([known.offer.id for known in daemons.peers["s1"].offers.own()], [offer])
        self.assertTrue(self.until_done(offer).have_all)
