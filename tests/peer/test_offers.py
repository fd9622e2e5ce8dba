"""What is pushed: who hears of it, who takes it, and what becomes of it."""

from typing import Any

import attrs
from twisted.internet.defer import Deferred, fail, succeed

from p2p_twisted.offers.accept_rule import AcceptRule
from p2p_twisted.offers.board import Board
from p2p_twisted.offers.limits import OFFERS_FETCHED, OFFERS_KEPT, OWN_OFFERS
from p2p_twisted.peer.offers_interface import KnownOffer
from p2p_twisted.peer.peer import Peer
from p2p_twisted.peer.peer_errors import CannotKeep, NotFound, PeerError, Unknown
from p2p_twisted.testing.daemons import VirtualDaemons
from tests.peer.cases import SONG, PeerTestCase

ANYONE = AcceptRule(("anyone",))
ASK = AcceptRule(("ask",))
HOUR = 3_600.0
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


class PushTests(OffersTestCase):
    def test_all_get_it(self) -> None:
        """Those for whom it is have it, under its name, and anybody can see that."""
        daemons = self.network(5)
        known = self.push(daemons)
        daemons.run(30)
        for name in ("s2", "s3", "s4", "s5", "s6"):
            self.assertEqual(daemons.download(name, "slides.pdf"), SONG)
        self.assertEqual(self.states(daemons)["s1"], [])
        self.assertEqual(daemons.peers["s1"].offers.own(), (known,))
        for at in ("s1", "s4"):
            board = self.look(daemons, at, known)
            self.assertEqual(board.counts["saved"], 5)
            self.assertTrue(board.have_all)

    def test_a_folder(self) -> None:
        """A folder lands as one, in the folder that the sender names."""
        daemons = self.network(1)
        self.push(daemons, "week 3", into="lectures/winter")
        daemons.run(30)
        self.assertEqual(
            self.downloads(daemons, "s2"),
            ["lectures/winter/week 3/b", "lectures/winter/week 3/notes.txt"],
        )

    def test_a_folder_that_has_changed(self) -> None:
        """It is pushed again: nothing is replaced, and only what is new travels."""
        daemons = self.network(1)
        self.push(daemons, "week 3", into="all")
        daemons.run(30)
        before = daemons.peers["s1"].status().sent
        daemons._write(daemons.folder / "s1", {"week 3/new": b"new"})
        daemons.run(20)
        self.push(daemons, "week 3", into="all")
        daemons.run(30)
        self.assertEqual(daemons.download("s2", "all/week 3 (1)/new"), b"new")
        self.assertEqual(daemons.download("s2", "all/week 3 (1)/b"), SONG)
        self.assertEqual(daemons.download("s2", "all/week 3/b"), SONG)
        self.assertLess(daemons.peers["s1"].status().sent - before, len(SONG) // 10)

    def test_for_some(self) -> None:
        """Those whom it does not name do nothing; each of them can say how far the others are."""
        daemons = self.network(3)
        known = self.push(daemons, to=("s2",))
        daemons.run(30)
        self.assertEqual(self.states(daemons), {"s1": [], "s2": ["saved"], "s3": [], "s4": []})
        self.assertEqual(self.look(daemons, "s3", known).counts["saved"], 1)

    def test_a_folder_that_is_too_deep(self) -> None:
        """What cannot land where it is to says so, and is not tried for ever."""
        daemons = self.network(1)
        deep = "/".join(["deep", *"abcdefghijklmnopqrstuvwxyz01234"])
        daemons._write(daemons.folder / "s1", {deep: b"x"})
        daemons.run(20)
        self.push(daemons, "deep", into="a/b/c")
        daemons.run(30)
        known = self.heard(daemons.peers["s2"])
        self.assertEqual(known.state, "failed")
        self.assertIn("components", known.reason)
        self.assertEqual(self.downloads(daemons, "s2"), [])

    def test_a_place_that_is_too_deep(self) -> None:
        """It gives its place up for what can land."""
        daemons = self.network(1, AcceptRule(("anyone",), into="pushed"))
        for _number in range(OFFERS_FETCHED):
            known = self.push(daemons, into="/".join("d" * 32))
            daemons.run(2)
        board = self.look(daemons, "s1", known)
        self.assertEqual((board.counts["failed"], board.is_done), (1, True))
        self.assertEqual(board.rows[0].reason, "a path may have at most 32 components")
        self.push(daemons, "week 3/notes.txt")
        daemons.run(20)
        self.assertEqual(self.downloads(daemons, "s2"), ["pushed/notes.txt"])

    def test_where_it_lands(self) -> None:
        """The receiver's folder comes first; what is there stays."""
        daemons = self.network(1, AcceptRule(("anyone",), into="pushed"))
        there = daemons.folder / "s2" / "Downloads" / "pushed" / "week" / "slides.pdf"
        there.parent.mkdir(parents=True)
        there.write_bytes(b"mine")
        self.push(daemons, into="week")
        daemons.run(30)
        self.assertEqual(there.read_bytes(), b"mine")
        self.assertEqual(daemons.download("s2", "pushed/week/slides (1).pdf"), SONG)

    def test_is_here(self) -> None:
        """Whoever shares it already does not fetch it."""
        daemons = self.network(1)
        daemons.start("s3", {"mine.pdf": SONG}, accept=ANYONE)
        daemons.run(10)
        self.push(daemons)
        daemons.run(30)
        self.assertEqual(self.states(daemons)["s3"], ["saved"])
        self.assertEqual(self.downloads(daemons, "s3"), [])

    def test_what_cannot_be_pushed(self) -> None:
        """The person is told what to do instead."""
        daemons = self.network(1)
        push = daemons.peers["s1"].offers.push
        for wrong, why in [
            (push("slides.pdf", ["S_1"], HOUR), "for peers by their names"),
            (push("slides.pdf", [], HOUR), "whom it is for"),
            (push("slides.pdf", ["s1"], HOUR), "this peer itself"),
            (push("slides.pdf", ["@all"], 31 * 24 * HOUR), "30 days at most"),
            (push("slides.pdf", ["@all"], 0.5), "a second at least"),
            (push("slides.pdf", ["@all"], HOUR, "../up"), "'..'"),
        ]:
            with self.assertRaisesRegex(PeerError, why):
                daemons.result(wrong)
        with self.assertRaises(NotFound):
            daemons.result(push("nothing", ["@all"], HOUR))
        daemons.peers["s1"].offers._ahead = lambda: 121.0
        with self.assertRaisesRegex(PeerError, "clock is 121 s ahead .*: set the clock"):
            self.push(daemons)
        daemons.peers["s1"].offers._ahead = lambda: -500.0
        for _ in range(OWN_OFFERS):
            self.push(daemons, "week 3/notes.txt")
        with self.assertRaisesRegex(PeerError, "unpush some"):
            daemons.result(push("slides.pdf", ["@all"], HOUR))


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
        daemons = self.network(2)
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

    def test_while_only_receivers_are_there(self) -> None:
        """Who comes then gets it from those that let others have what they download."""
        daemons = self.network(1)
        daemons.start("s3", accept=ANYONE, reshares=True)
        daemons.run(10)
        self.push(daemons)
        daemons.run(30)
        daemons.result(daemons.stop("s1"))
        daemons.start("s4", accept=ANYONE)
        daemons.run(60)
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

    def test_who_has_had_to_forget_it(self) -> None:
        """A peer that was told too much meanwhile hears of it again as its sender looks."""
        daemons = self.network(2)
        daemons.result(daemons.stop("s3"))
        known = self.push(daemons)
        daemons.run(10)
        daemons.start("s3", accept=ANYONE)
        daemons.run(1)
        peer = daemons.peers["s3"]
        peer.offers._forget(peer.offers._book.drop([known.offer.id]))
        daemons.run(10)
        self.assertEqual(self.states(daemons)["s3"], [])
        self.assertEqual(self.look(daemons, "s1", known).unaware, 1)
        daemons.run(10)
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


class AnswerTests(OffersTestCase):
    def test_asked(self) -> None:
        """A person takes one, and refuses another one, which may still be taken then."""
        daemons = self.network(1, ASK)
        peer = daemons.peers["s2"]
        self.push(daemons)
        daemons.run(5)
        known = self.heard(peer)
        self.assertEqual((known.state, known.offer.name), ("asked", "slides.pdf"))
        peer.offers.answer(known.offer.id, False)
        daemons.run(5)
        self.assertEqual(self.heard(peer).state, "refused")
        self.assertEqual(self.look(daemons, "s1", known).counts["refused"], 1)
        peer.offers.answer(known.offer.id, True)
        self.assertEqual(self.heard(peer).state, "waiting")
        daemons.run(30)
        known = self.heard(peer)
        self.assertEqual(known.state, "saved")
        self.assertEqual([each.number for each in peer.transfers()], [known.download])

    def test_refused_while_it_is_fetched(self) -> None:
        """Nothing is left of it."""
        daemons = self.network(1)
        self.push(daemons)
        peer = daemons.peers["s2"]
        self.assertTrue(daemons.network.clock.run_until(lambda: bool(peer.transfers()), 10))
        peer.offers.answer(self.heard(peer).offer.id, False)
        daemons.run(30)
        self.assertEqual(self.heard(peer).state, "refused")
        self.assertEqual(self.downloads(daemons, "s2"), [])

    def test_canceled(self) -> None:
        """Who cancels its download has refused it, whoever comes to the console later."""
        daemons = self.network(1)
        self.push(daemons)
        peer = daemons.peers["s2"]
        self.assertTrue(daemons.network.clock.run_until(lambda: bool(peer.transfers()), 10))
        peer.cancel(peer.transfers()[0].number)
        daemons.run(30)
        self.assertEqual(self.heard(peer).state, "refused")
        peer.offers.attend()
        daemons.run(30)
        self.assertEqual(self.heard(peer).state, "refused")
        self.assertEqual(len(peer.transfers()), 1)

    def test_too_large(self) -> None:
        """What is larger than the receiver has said is refused, unless a person takes it."""
        daemons = self.network(1, AcceptRule(("anyone",), most=1_000))
        self.push(daemons)
        self.push(daemons, "week 3/notes.txt")
        daemons.run(20)
        peer = daemons.peers["s2"]
        large, small = peer.offers.received()
        self.assertEqual((large.state, small.state), ("refused", "saved"))
        self.assertIn("1,000 bytes at most", large.reason)
        peer.offers.answer(large.offer.id, True)
        daemons.run(20)
        self.assertEqual(daemons.download("s2", "slides.pdf"), SONG)

    def test_no_space(self) -> None:
        """It is not begun before there is space, and then by itself."""
        daemons = self.network(1)
        taking = daemons.peers["s2"].offers._taking
        parts = taking._parts
        taking._parts = attrs.evolve(parts, space=lambda: succeed(1_000))
        known = self.push(daemons)
        daemons.run(30)
        self.assertEqual(self.heard(daemons.peers["s2"]).state, "no space")
        board = self.look(daemons, "s1", known)
        self.assertEqual(board.counts["no space"], 1)
        self.assertEqual(board.rows[0].reason, f"{len(SONG):,} bytes are needed, 1,000 are free")
        self.assertEqual(daemons.peers["s2"].transfers(), ())
        taking._parts = parts
        daemons.run(90)
        self.assertEqual(daemons.download("s2", "slides.pdf"), SONG)


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
