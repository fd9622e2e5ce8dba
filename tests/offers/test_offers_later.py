"""What is pushed while somebody is away: who hears of it later, and what a restart leaves."""

from typing import Any

from attrs import evolve
from twisted.internet.defer import fail, succeed

from p2p_twisted.offers.limits import OFFERS_KEPT
from p2p_twisted.offers.offers_interface import KnownOffer
from p2p_twisted.peer.peer import Peer
from p2p_twisted.peer_errors import CannotKeep, Unknown
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.wire.limits import MIB
from tests.offers.offers_case import ANYONE, ASK, HOUR, OffersTestCase
from tests.peer.cases import SONG


class LaterTests(OffersTestCase):
    def test_who_comes_later(self) -> None:
        """A peer that comes an hour later gets it, though the sender has said it but once."""
        daemons = self.network(3)
        self.push(daemons, seconds=2 * HOUR)
        daemons.run(HOUR)
        daemons.start("s5", accept=ANYONE)
        daemons.run(30)
        self.assertEqual(daemons.download("s5", "slides.pdf"), SONG)

    def test_while_the_sender_is_away(self) -> None:
        """Who comes then hears of it from others, and gets it once the sender is back."""
        daemons = self.network(2, ASK)
        self.push(daemons)
        daemons.run(5)
        daemons.result(daemons.stop("s1"))
        daemons.start("s4", accept=ANYONE)
        daemons.run(60)
        known = self.heard(daemons.peers["s4"])
        self.assertEqual((known.state, known.reason), ("waiting", "nobody has it now"))
        daemons.start("s1")
        daemons.run(120)
        self.assertEqual(daemons.download("s4", "slides.pdf"), SONG)

    def test_two_halves(self) -> None:
        """What was pushed in one half of a network reaches the other one when they meet again."""
        daemons = self.network(5)
        daemons.network.part(["s1", "s2", "s3", "registry"], ["s4", "s5", "s6"])
        daemons.run(60)
        self.push(daemons)
        daemons.run(30)
        self.assertEqual(self.states(daemons)["s4"], [])
        daemons.network.mend()
        daemons.run(300)
        self.assertEqual(
            {tuple(each) for name, each in self.states(daemons).items() if name != "s1"},
            {("saved",)},
        )

    def test_little_space(self) -> None:
        """What an earlier run has of it takes no more space: it goes on, and nobody says not."""
        daemons = self.begun_push()
        daemons.crash("s2")
        daemons.start("s2", accept=ANYONE)
        taking = daemons.peers["s2"].offers._taking
        taking._parts = evolve(taking._parts, space=lambda: succeed(len(SONG) - MIB))
        states = []
        for _ in range(20):
            daemons.run(1)
            states.append(self.heard(daemons.peers["s2"]).state)
        self.assertNotIn("no space", states)
        self.assertEqual((states[-1], daemons.download("s2", "slides.pdf")), ("saved", SONG))

    def test_who_has_had_to_forget_it(self) -> None:
        """A peer that was told too much meanwhile hears of it again as its sender looks."""
        daemons = self.network(2)
        daemons.result(daemons.stop("s3"))
        known = self.push(daemons)
        self.look(daemons, "s1", known)
        daemons.run(10)
        daemons.start("s3", accept=ANYONE)
        daemons.run(1)
        peer = daemons.peers["s3"]
        peer.offers._forget(peer.offers._book.drop([known.offer.id]))
        daemons.run(10)
        self.assertEqual(self.states(daemons)["s3"], [])
        waited = daemons.result(daemons.peers["s1"].offers.wait(known.offer.id, 60.0), 60.0)
        self.assertTrue(waited.board.have_all)
        self.assertEqual(self.states(daemons)["s3"], ["saved"])

    def test_when_it_has_ended(self) -> None:
        """Nobody keeps it any more, and nobody who comes later hears of it."""
        daemons = self.network(1)
        known = self.push(daemons, seconds=100)
        daemons.run(101)
        daemons.start("s3", accept=ANYONE)
        daemons.run(30)
        self.assertEqual(self.states(daemons), {"s1": [], "s2": [], "s3": []})
        self.assertEqual(daemons.peers["s1"].offers.own(), ())
        with self.assertRaises(Unknown):
            self.look(daemons, "s1", known)

    def test_withdrawn(self) -> None:
        """Who has not begun does not, and who comes later hears nothing of it."""
        daemons = self.network(2, ASK)
        told: list[KnownOffer] = []
        daemons.peers["s2"].offers.watch(told.append)
        known = self.push(daemons)
        daemons.run(5)
        self.assertEqual(self.states(daemons)["s2"], ["asked"])
        with self.assertRaises(Unknown):
            daemons.result(daemons.peers["s2"].offers.withdraw(known.offer.id))
        daemons.result(daemons.peers["s1"].offers.withdraw(known.offer.id))
        daemons.run(5)
        daemons.start("s4", accept=ANYONE)
        daemons.run(30)
        self.assertEqual(self.states(daemons), {"s1": [], "s2": [], "s3": [], "s4": []})
        self.assertEqual([each.is_over for each in told], [False, False, True])
        with self.assertRaises(Unknown):
            daemons.peers["s2"].offers.answer(known.offer.id, True)
        with self.assertRaises(Unknown):
            daemons.result(daemons.peers["s1"].offers.withdraw(known.offer.id))

    def test_withdrawn_again_and_again(self) -> None:
        """Who pushes and unpushes without end keeps no others' offers out of its book."""
        daemons = self.network(1, ASK)
        sender = daemons.peers["s1"]
        for _ in range(OFFERS_KEPT + 10):
            known = self.push(daemons, "week 3/notes.txt")
            daemons.result(sender.offers.withdraw(known.offer.id))
        pinned = [kept for kept in sender.offers._book.all() if kept.is_pinned]
        self.assertEqual(pinned, [])
        self.assertLessEqual(len(sender.offers._book.all()), OFFERS_KEPT)

    def test_withdrawn_while_one_is_away(self) -> None:
        """It hears of that when it is back, and so does nobody hear of the offer from it."""
        daemons = self.network(2, ASK)
        known = self.push(daemons)
        daemons.run(10)
        daemons.result(daemons.stop("s3"))
        daemons.result(daemons.peers["s1"].offers.withdraw(known.offer.id))
        daemons.run(10)
        daemons.start("s3", accept=ASK)
        daemons.run(30)
        self.assertEqual(self.states(daemons), {"s1": [], "s2": [], "s3": []})


class FullDiskTests(OffersTestCase):
    """The disk of a peer's own files takes nothing."""

    def fill(self, peer: Peer) -> None:
        full: Any = lambda *_args: fail(OSError(28, "No space left on device"))  # noqa: E731
        peer.offers._kept._offload = full

    def test_sender(self) -> None:
        """What would not be offered after a restart is not offered at all."""
        daemons = self.network(1)
        self.fill(daemons.peers["s1"])
        with self.assertRaisesRegex(CannotKeep, "not pushed, as that cannot be kept"):
            self.push(daemons)
        daemons.run(20)
        self.assertEqual(self.states(daemons), {"s1": [], "s2": []})
        self.assertEqual(daemons.peers["s1"].offers.own(), ())

    def test_receiver(self) -> None:
        """It takes what is offered all the same, and passes it on to who comes later."""
        daemons = self.network(1)
        self.fill(daemons.peers["s2"])
        self.push(daemons)
        daemons.run(20)
        self.assertEqual(daemons.download("s2", "slides.pdf"), SONG)
        daemons.result(daemons.stop("s1"))
        daemons.start("s3", accept=ASK)
        daemons.run(20)
        self.assertEqual(self.states(daemons)["s3"], ["asked"])


class RestartTests(OffersTestCase):
    def test_receiver(self) -> None:
        """What it has, has refused, or is to have, is so in its next run."""
        daemons = self.network(1, ASK)
        for name in ("slides.pdf", "week 3/notes.txt", "week 3/b"):
            self.push(daemons, name, to=("s2",))
        daemons.run(5)
        peer = daemons.peers["s2"]
        first, second, third = peer.offers.received()
        peer.offers.answer(first.offer.id, True)
        peer.offers.answer(second.offer.id, False)
        daemons.run(30)
        daemons.result(daemons.stop("s2"))
        (daemons.folder / "s2" / "Downloads" / "slides.pdf").unlink()
        peer = daemons.start("s2", accept=ASK)
        daemons.run(30)
        states = {known.offer.id: known.state for known in peer.offers.received()}
        ids = first.offer.id, second.offer.id, third.offer.id
        self.assertEqual([states[id_] for id_ in ids], ["saved", "refused", "asked"])
        self.assertEqual(self.downloads(daemons, "s2"), [])

    def test_while_it_is_fetched(self) -> None:
        """It goes on, as one download, and lands where it was to."""
        daemons = self.network(1, ASK)
        self.push(daemons, into="here")
        daemons.run(5)
        peer = daemons.peers["s2"]
        peer.offers.answer(self.heard(peer).offer.id, True)
        self.assertTrue(daemons.network.clock.run_until(lambda: bool(peer.transfers()), 10))
        daemons.run(0.01)
        daemons.result(daemons.stop("s2"))
        self.assertEqual(self.downloads(daemons, "s2").count("here/slides.pdf"), 0)
        peer = daemons.start("s2", accept=ASK)
        daemons.run(30)
        self.assertEqual(self.heard(peer).state, "saved")
        self.assertEqual(self.downloads(daemons, "s2"), ["here/slides.pdf"])
        self.assertEqual(len(peer.transfers()), 1)

    def test_paused(self) -> None:
        """What a person has paused stays so over a restart, and is saved once it goes on."""
        daemons = self.network(1)
        self.push(daemons)
        peer = daemons.peers["s2"]
        self.assertTrue(daemons.network.clock.run_until(lambda: bool(peer.transfers()), 10))
        peer.pause()
        daemons.run(20)
        self.assertEqual(self.heard(peer).reason, "it is paused")
        daemons.result(daemons.stop("s2"))
        peer = daemons.start("s2", accept=ANYONE)
        daemons.run(30)
        known = self.heard(peer)
        self.assertEqual((known.state, known.reason), ("fetching", "it is paused"))
        assert known.download is not None
        peer.resume(known.download)
        daemons.run(20)
        self.assertEqual(self.heard(peer).state, "saved")
        self.assertEqual(daemons.download("s2", "slides.pdf"), SONG)

    def test_sender(self) -> None:
        """It goes on to offer it, alone can withdraw it, and gives it to who comes then."""
        daemons = self.network(1)
        known = self.push(daemons)
        daemons.run(20)
        daemons.crash("s1")
        daemons.result(daemons.stop("s2"))
        sender = daemons.start("s1")
        daemons.start("s3", accept=ANYONE)
        daemons.run(30)
        self.assertEqual([each.offer for each in sender.offers.own()], [known.offer])
        self.assertEqual(daemons.download("s3", "slides.pdf"), SONG)
        daemons.result(sender.offers.withdraw(known.offer.id))
        self.assertEqual(sender.offers.own(), ())
        daemons.result(daemons.stop("s1"))
        self.assertEqual(daemons.start("s1").offers.own(), ())

    def test_by_another_name(self) -> None:
        """A push is for a name: who takes that name gets it, and who has given it up does not."""
        daemons = self.network(2)
        self.push(daemons, to=("s3",))
        self.push(daemons, "week 3/notes.txt", to=("anna",))
        daemons.run(30)
        self.assertEqual(self.states(daemons), {"s1": [], "s2": [], "s3": ["saved"]})
        daemons.result(daemons.stop("s3"))
        self.become(daemons, "s3", "anna")
        daemons.run(30)
        self.assertEqual(self.heard(daemons.peers["anna"]).offer.name, "notes.txt")
        self.assertEqual(self.states(daemons)["anna"], ["saved"])

    def become(self, daemons: VirtualDaemons, before: str, name: str) -> None:
        """Start a peer that does not run by another name, on the directory it had."""
        (daemons.folder / before).rename(daemons.folder / name)
        daemons.start(name, accept=ANYONE)

    def test_in_another_network(self) -> None:
        """Where a peer was in another network meanwhile, it goes on with what it pushed here."""
        daemons = self.network(1, ASK)
        pushed = self.push(daemons, to=("s2", "s3"))
        daemons.run(5)
        meant = self.heard(daemons.peers["s2"])
        daemons.peers["s2"].offers.answer(meant.offer.id, False)
        daemons.run(20)
        for name in ("s1", "s2"):
            daemons.result(daemons.stop(name))
            peer = daemons.start(name, network="lab")
            self.assertEqual((peer.offers.own(), peer.offers.received()), ((), ()))
            peer.offers._kept.changed()
            daemons.run(20)
            daemons.result(daemons.stop(name))
        self.assertEqual(len([text for text in daemons.said if "cannot go on here" in text]), 1)
        sender, receiver = daemons.start("s1"), daemons.start("s2", accept=ANYONE)
        daemons.start("s3", accept=ANYONE)
        daemons.run(30)
        self.assertEqual([each.offer for each in sender.offers.own()], [pushed.offer])
        self.assertEqual(self.heard(receiver).state, "refused")
        self.assertEqual(daemons.download("s3", "slides.pdf"), SONG)
        daemons.result(sender.offers.withdraw(pushed.offer.id))
