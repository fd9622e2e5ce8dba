"""Something is pushed to a network, some of which is dead or comes later; the board is true."""

from typing import Any

import pytest
from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase
from typing_extensions import override

from benchmarks.fleet import SIZE, Fleet, Looking, Seen, form, watch
from p2p_twisted.offers.board import Board
from p2p_twisted.offers.offer_looks import OfferLooks
from p2p_twisted.overlay.effects import LinkId
from p2p_twisted.simulation.simulated_peer import SimulatedPeer
from p2p_twisted.wire.limits import ANSWERED, FILE_BYTES, RECEIPTS_NAMED
from p2p_twisted.wire.messages import Message, Receipt, Tally, Told
from p2p_twisted.wire.names import PeerName

LATE_SECONDS = 60.0


def pushed(fleet: Fleet, dead: int, late: int) -> tuple[SimulatedPeer, list[Seen]]:
    """Push something as some peers vanish; others come a minute later. Return all looks."""
    sender, *others = fleet.alive
    for peer in fleet.rng.sample(others, dead):
        fleet.die_silently(peer)
    offer = fleet.push(sender)
    fleet.later(LATE_SECONDS, lambda: [fleet.add(f"late{number}") for number in range(late)])
    return sender, list(watch(fleet, sender, offer, 1_800.0))


class LyingFleet(Fleet):
    """
    A fleet in which some peers make up what they say of receivers.

    :ivar liars: their names.
    """

    liars: frozenset[PeerName] = frozenset()

    @override
    def _send(self, peer: SimulatedPeer, link: LinkId, message: Message) -> None:
        if peer.name in self.liars and isinstance(message, Told) and not message.more:
            message = self._made_up(message)
        super()._send(peer, link, message)

    def _made_up(self, told: Told) -> Told:
        """Say that a million have failed, and name a hundred, of whom one is there."""
        rows = [Receipt(f"made-up{number}", "failed", reason="!" * 100) for number in range(50)]
        rows.append(Receipt("p1", "failed", reason="!" * 100))
        tally = Tally(failed=ANSWERED, received=ANSWERED * FILE_BYTES, rate=1e12, seconds_left=1e9)
        return evolve(told, answered=ANSWERED, tally=tally, receipts=tuple(rows))


class LyingTests(SynchronousTestCase):
    def test_one_neighbor_lies(self) -> None:
        """What a neighbor makes up hides none of the others, and is nobody's word but its own."""
        fleet = LyingFleet(2, (5.0, 5.0))
        form(fleet, 60)
        sender = fleet.alive[0]
        offer = fleet.push(sender)
        fleet.run(15.0)
        network: Any = Looking(fleet, sender)
        looks = OfferLooks(network, network, lambda id_: sender.offers[id_])
        fleet.liars = frozenset(sorted(sender.neighbors)[:1])
        boards: list[Board] = []
        looks.look(offer).addCallback(boards.append)
        fleet.run(10.0)
        [board] = boards
        names = {row.peer: row.state for row in board.rows}
        self.assertLessEqual(len(names), RECEIPTS_NAMED)
        told = set(fleet.in_state("saved")) & set(names)
        self.assertGreater(len(told), 20)
        self.assertTrue(all(names[name] == "saved" for name in told - {"p1"}))
        self.assertLessEqual(board.received, board.receivers * SIZE)
        self.assertLessEqual(board.look_again, 60.0)
        # It is told the truth again as soon as that neighbor tells it.
        fleet.liars = frozenset()
        fleet.run(board.look_again)
        looks.look(offer).addCallback(boards.append)
        fleet.run(10.0)
        self.assertEqual(boards[1].counts["saved"], 59)


class FleetTests(SynchronousTestCase):
    def check(self, peers: int, dead: int, late: int, fleet: Fleet, told_by: int = 0) -> list[Seen]:
        """
        Push, and compare what the sender is told with what is true.

        :param told_by: which look is to tell how many there were, the dead included.
        """
        sender, looks = pushed(fleet, dead, late)
        living = peers - dead - 1
        first, last = looks[told_by].board, looks[-1].board
        heard = sorted(at for name, at in fleet.heard.items() if not name.startswith("late"))
        self.assertEqual(len(heard), living + 1)
        self.assertLess(heard[-1] - heard[0], 5.0)
        self.assertEqual(first.receivers, living + dead)
        self.assertTrue(last.is_done)
        self.assertTrue(last.have_all)
        self.assertEqual(last.counts["saved"], len(fleet.in_state("saved")))
        self.assertEqual(last.counts["saved"], living + late)
        self.assertEqual(last.counts["off"], dead)
        self.assertEqual((last.unaware, last.share), (0, 1.0))
        self.assertEqual(last.received, (living + late) * SIZE)
        for seen in looks:
            # As an answer takes a moment to come back, more have it meanwhile.
            self.assertLessEqual(seen.board.counts["saved"], seen.saved)
            # Before all have been heard, nobody is said to be off, nor that there are no more.
            off = dead if seen.board.is_whole else 0
            self.assertEqual(seen.board.counts.get("off", 0), off)
            self.assertLessEqual(seen.board.receivers, living + dead + late)
        self.assertNotIn(sender.name, {row.peer for row in last.rows})
        return looks

    def test_some_dead_and_late(self) -> None:
        """The sender learns how many of all have it, how many are off, and of those that come."""
        # The slowest is not done before the last has come.
        fleet = Fleet(1, (LATE_SECONDS, LATE_SECONDS + 5.0))
        form(fleet, 60)
        looks = self.check(60, dead=4, late=3, fleet=fleet)
        names = {name for name, peer in fleet.peers.items() if not peer.is_alive}
        self.assertEqual(set(looks[-1].board.off), names)

    def test_very_many(self) -> None:
        """Of more than 200, no look costs three lines each, and the third tells of all."""
        fleet = Fleet(4, (LATE_SECONDS, LATE_SECONDS + 5.0))
        form(fleet, 250)
        looks = self.check(250, dead=5, late=2, fleet=fleet, told_by=2)
        for seen in looks:
            self.assertLess(seen.lines, 3 * 250)

    def test_some_die_later(self) -> None:
        """Where some die meanwhile, the others are told of again soon, for three lines a look."""
        fleet = Fleet(3, (LATE_SECONDS, LATE_SECONDS + 5.0))
        form(fleet, 250)
        sender, *others = fleet.alive
        offer = fleet.push(sender)
        for peer in fleet.rng.sample(others, 10):
            fleet.later(10.0, fleet.die_silently, peer)
        looks = list(watch(fleet, sender, offer, 300.0))
        unheard = [seen.board.counts.get("not heard from", 0) for seen in looks]
        self.assertGreater(max(unheard), 10)
        for seen in looks:
            self.assertLess(seen.lines, 3 * 250)
            self.assertEqual(seen.board.is_done, seen is looks[-1])
        last = looks[-1].board
        self.assertEqual((last.counts["saved"], last.counts["off"]), (239, 10))

    @pytest.mark.slow
    def test_thousands(self) -> None:
        """Of two thousand, of whom some are dead, it is the same, for three lines a look."""
        fleet = Fleet()
        form(fleet, 2_000)
        # So does: python -m benchmarks.fleet --peers 10000
        looks = self.check(2_000, dead=10, late=5, fleet=fleet, told_by=2)
        for seen in looks:
            self.assertLess(seen.lines, 3 * 2_000)
        self.assertLess(len(looks), 20)
