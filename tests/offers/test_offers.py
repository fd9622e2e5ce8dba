"""What is pushed: who hears of it, who takes it, and what becomes of it."""

import os

import attrs
from twisted.internet.defer import CancelledError, Deferred, succeed

from p2p_twisted.offers.accept_rule import AcceptRule
from p2p_twisted.offers.kept_offers import KeptOffers
from p2p_twisted.offers.limits import OFFERS_FETCHED, OWN_OFFERS
from p2p_twisted.peer_errors import NotFound, NotReady, PeerError
from tests.offers.offers_case import ANYONE, ASK, FILES, HOUR, OffersTestCase
from tests.peer.cases import SONG


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
        """A folder lands as one, in the folder that the sender names; its name may have a slash."""
        daemons = self.network(1)
        self.push(daemons, "week 3/", into="lectures/winter")
        daemons.run(30)
        self.assertEqual(
            self.downloads(daemons, "s2"),
            ["lectures/winter/week 3/b", "lectures/winter/week 3/notes.txt"],
        )

    def test_a_folder_with_what_is_not_shared(self) -> None:
        """Whoever pushes it is told how much of it stays behind."""
        daemons = self.daemons()
        daemons.start("s1", {**FILES, "week 3/con.txt": b"", "week 3/sub/.hidden": b""})
        daemons.run(10)
        self.assertEqual(self.push(daemons, "week 3").left_out, 2)
        self.assertEqual(self.push(daemons).left_out, 0)

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
        with self.assertRaisesRegex(PeerError, "clock is 2:01 ahead .*: set the clock"):
            self.push(daemons)
        daemons.peers["s1"].offers._ahead = lambda: -float(HOUR)
        with self.assertRaisesRegex(PeerError, "clock is 1:00:00 behind .*: set the clock"):
            daemons.result(push("slides.pdf", ["@all"], HOUR))
        daemons.peers["s1"].offers._ahead = lambda: -500.0
        for _ in range(OWN_OFFERS):
            self.push(daemons, "week 3/notes.txt")
        with self.assertRaisesRegex(PeerError, "unpush some"):
            daemons.result(push("slides.pdf", ["@all"], HOUR))


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
        self.assertIn("its push was refused", peer.explain(None).diagnosis.sentence)

    def test_nothing_of_it_is_shared(self) -> None:
        """An empty folder, and one of hidden files alone, are not waited for without end."""
        daemons = self.network(1)
        for name, hidden in (("empty", ()), ("hidden", (".one",))):
            folder = daemons.folder / "s1" / name
            folder.mkdir()
            for each in hidden:
                (folder / each).write_bytes(b"hidden")
            pushed = daemons.peers["s1"].offers.push(name, ("@all",), HOUR)
            daemons.run(30)
            self.failureResultOf(pushed, NotFound)

    def test_ending_left_out(self) -> None:
        """Names that begin with what was typed are named, as what was typed may be shared soon."""
        daemons = self.network(1)
        for typed, like in (("slides", ("slides.pdf",)), ("week", ("week 3",)), ("song", ())):
            pushed = daemons.peers["s1"].offers.push(typed, ("@all",), HOUR)
            daemons.run(30)
            self.assertEqual(self.failureResultOf(pushed, NotFound).value.like, like)

    def test_cannot_be_shared(self) -> None:
        """What nobody can share is said to be that."""
        daemons = self.network(1)
        other_form = "e\u0301", "only what it shares"
        for name, why in ((".hidden", "hidden files"), ("12:30.log", "':'"), other_form):
            pushed = daemons.peers["s1"].offers.push(name, ("@all",), HOUR)
            daemons.run(30)
            self.assertIn(why, str(self.failureResultOf(pushed, NotFound).value))

    def test_own_files(self) -> None:
        """What a peer writes itself, such as its log, is never shared, which is said at once."""
        daemons = self.daemons()
        log = daemons.folder / "s1" / "logs" / "s1.log"
        daemons.start("s1", {"logs/s1.log": b"begun"}, own_files=(log, daemons.folder / "s1.log"))
        daemons.start("s2")
        daemons.run(10)
        pushed = daemons.peers["s1"].offers.push("logs/s1.log", ("@all",), HOUR)
        why = "this peer shares no logs/s1.log: it writes that itself, and shares it with nobody"
        self.assertEqual(str(self.failureResultOf(pushed, NotFound).value), why)

    def test_never_still(self) -> None:
        """What is written to again and again has no content to push."""
        daemons = self.network(1)
        log = daemons.folder / "s1" / "log"
        pushed = daemons.peers["s1"].offers.push("log", ("@all",), HOUR)
        for second in range(60):
            log.write_bytes(b"line\n" * second)
            os.utime(log, times=(daemons.date_of("s1"),) * 2)
            daemons.run(0.5)
        self.failureResultOf(pushed, NotReady)

    def test_given_up(self) -> None:
        """What is given up before it is hashed, or kept, is offered to nobody."""
        daemons = self.network(1)
        offers = daemons.peers["s1"].offers
        later = offers.push("later", ("@all",), HOUR)
        daemons.run(2)
        later.cancel()
        self.failureResultOf(later, CancelledError)
        (daemons.folder / "s1" / "later").write_bytes(SONG)
        writing: Deferred[None] = Deferred()

        async def write(_kept: KeptOffers) -> None:
            await writing

        self.patch(KeptOffers, "write", write)
        kept = offers.push("slides.pdf", ("@all",), HOUR)
        daemons.run(2)
        kept.cancel()
        writing.callback(None)
        self.failureResultOf(kept, CancelledError)
        daemons.run(20)
        self.assertEqual((offers.own(), self.states(daemons)["s2"]), ((), []))

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
        self.assertIn("it takes 1000 B at most", large.reason)
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
        self.assertEqual(board.rows[0].reason, "needs 4.9 MiB, and has 1000 B")
        self.assertEqual(daemons.peers["s2"].transfers(), ())
        taking._parts = parts
        daemons.run(90)
        self.assertEqual(daemons.download("s2", "slides.pdf"), SONG)
