"""What limits downloads of whole peers, in cases that are staged; the truth is known in each."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import deferLater

from p2p_twisted.bandwidth.rates import Rates, Slots
from p2p_twisted.download.progress import Progress
from p2p_twisted.explain.diagnosis import Cause
from p2p_twisted.explain.explanation import Explanation
from p2p_twisted.overlay.effects import LocalAnswer
from p2p_twisted.peer.interface import unwatched
from p2p_twisted.peer.query_answers import QueryAnswers
from p2p_twisted.peer_errors import NotFound, PeerError, Unknown
from p2p_twisted.testing.network import VirtualNetwork
from p2p_twisted.testing.paths import Path as Way
from p2p_twisted.testing.paths import Paths
from p2p_twisted.upload.producer import StreamProducer
from p2p_twisted.upload.uploads import Uploads
from p2p_twisted.wire.chunks import content_id
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.messages import Ask, Chunk, Hit, Want
from tests.peer.cases import PeerTestCase
from tests.peer.test_hashing_wait import HashingCase

CONTENT = bytes(range(256)) * 4_096 * 40


class ExplainingTests(PeerTestCase):
    """s1 has 40 MiB, which s2 gets."""

    def begin(self, way: Way | None = None, holder: Any = None, requester: Any = None) -> None:
        """Start both, and have s2 begin."""
        self.start(way, holder, requester)
        self.get()

    def start(self, way: Way | None = None, holder: Any = None, requester: Any = None) -> None:
        """Start both."""
        paths = Paths() if way is None else Paths(way)
        self.net = self.on(VirtualNetwork(paths=paths))
        self.net.start_registry()
        self.net.start("s1", {"f1": CONTENT}, **(holder or {}))
        self.net.start("s2", **(requester or {}))
        self.net.run(20.0)

    def get(self) -> "Deferred[Progress]":
        """Have s2 begin to get it."""
        done = self.net.peers["s2"].get("f1", unwatched)
        self.addCleanup(lambda: done.addErrback(lambda failure: failure.trap(PeerError)))
        return done

    def explained(self, after: float = 10.0) -> Explanation:
        """Let time go by, and have s2 explain what goes on."""
        self.net.run(after)
        return self.net.peers["s2"].explain()

    def assert_limited(self, cause: Cause, peer: str | None, after: float = 10.0) -> Explanation:
        """See what limits it after a while."""
        explained = self.explained(after)
        told = explained.diagnosis.cause, explained.diagnosis.peer
        self.assertEqual(told, (cause, peer), explained)
        return explained

    def test_own_limit(self) -> None:
        """s2 has limited what it receives."""
        self.begin(requester={"rates": Rates(down=MIB)})
        explained = self.assert_limited(Cause.OWN_LIMIT, None)
        self.assertIn("--max-down of 1.0 MiB/s", explained.diagnosis.sentence)
        [holder] = explained.holders
        self.assertTrue(holder.is_delivering)
        self.assertApproximates(holder.rate, MIB, MIB // 4)

    def test_holder_limit(self) -> None:
        """s1 has limited what it sends, and says so."""
        self.begin(holder={"rates": Rates(up=MIB)})
        explained = self.assert_limited(Cause.HOLDER_LIMIT, "s1")
        self.assertIn("the --max-up of 1.0 MiB/s of s1", explained.diagnosis.sentence)
        self.assertTrue(explained.diagnosis.is_said)

    def test_small_files(self) -> None:
        """So it is where s2 gets a folder of many small files."""
        self.start(holder={"rates": Rates(up=MIB)})
        folder = self.net.folder / "s1" / "photos"
        folder.mkdir()
        for number in range(400):
            (folder / f"{number}").write_bytes(number.to_bytes(2, "big") * 25_000)
        self.net.run(20.0)
        self.net.peers["s2"].get("photos", unwatched)
        explained = self.assert_limited(Cause.HOLDER_LIMIT, "s1", 8.0)
        self.assertEqual(explained.name, "photos")

    def test_holder_disk(self) -> None:
        """The disk of s1 is slow, and s1 says so."""
        self.start()

        def slowly(function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
            return deferLater(self.net.network.processes["s1"], 0.2, function, *args)

        self.patch(StreamProducer, "_is_at_hand", lambda *_span: False)
        self.net.peers["s1"]._uploads._pushes._reading = slowly
        self.get()
        explained = self.assert_limited(Cause.HOLDER_DISK, "s1")
        self.assertEqual(explained.diagnosis.sentence, "the disk of s1 limits it, as s1 says")

    def test_holder_of_an_earlier_version(self) -> None:
        """Where s1 does not say why it sends slowly, s2 does not guess."""

        def silent(index: int, length: int, _held: object) -> Chunk:
            return Chunk(index, length)

        self.patch(__import__("p2p_twisted.upload.upload", fromlist=["_"]), "Chunk", silent)
        self.begin(holder={"rates": Rates(up=MIB)})
        self.assert_limited(Cause.HOLDER_OR_WAY, "s1")

    def test_way(self) -> None:
        """Between them there is a slow line: nobody's limit is blamed for that."""
        self.begin(way=Way(0.05, bandwidth=MIB))
        self.assert_limited(Cause.HOLDER_OR_WAY, "s1")

    def test_ended(self) -> None:
        """Once it is saved, what limited it for most of the time is told, with what happened."""
        self.begin(holder={"rates": Rates(up=4 * MIB)})
        explained = self.assert_limited(Cause.HOLDER_LIMIT, "s1", 60.0)
        self.assertTrue(explained.is_ended)
        self.assertIn("limited it", explained.diagnosis.sentence)
        self.assertApproximates(explained.seconds, 10.0, 2.0)
        texts = [note.text for note in explained.notes]
        self.assertEqual(texts[0], "asked s1")
        self.assertTrue(texts[1].startswith("s1 delivers"), texts)
        self.assertEqual(texts[-2:], ["saving", "saved"])
        [holder] = explained.holders
        self.assertEqual((holder.received, holder.share, holder.last), (40 * MIB, 1.0, "complete"))

    def test_firewalls(self) -> None:
        """Neither can dial the other, and nobody relays."""
        self.start(holder={"relay": 0}, requester={"relay": 0})
        self.net.network.closed.update(("s1", "s2"))
        self.get()
        explained = self.assert_limited(Cause.FIREWALL, "s1", 30.0)
        self.assertIn("neither reaches the other", explained.diagnosis.sentence)

    def test_relay(self) -> None:
        """Neither can dial the other, and s3 relays."""
        self.net = self.daemons()
        self.net.start("s3", relay=MIB)
        self.net.run(5.0)
        self.net.network.closed.update(("s1", "s2"))
        self.net.start("s1", {"f1": CONTENT})
        self.net.start("s2")
        self.net.run(20.0)
        self.get()
        explained = self.assert_limited(Cause.RELAY, "s3", 15.0)
        self.assertIn("comes through s3", explained.diagnosis.sentence)

    def test_nobody(self) -> None:
        """Its only holder is gone."""
        self.begin(holder={"rates": Rates(up=MIB)})
        self.net.run(5.0)
        self.net.start("s3")
        self.net.stop("s1")
        explained = self.assert_limited(Cause.NOBODY, None, 60.0)
        self.assertIn(
            "nobody else has it: the only peer that answered", explained.diagnosis.sentence
        )

    def test_alone(self) -> None:
        """There is no other peer any more."""
        self.begin(holder={"rates": Rates(up=MIB)})
        self.net.run(5.0)
        self.net.stop("s1")
        self.assert_limited(Cause.ALONE, None, 60.0)

    def test_busy(self) -> None:
        """All places of s1 are taken."""
        slow = {"rates": Rates(up=MIB), "at_once": Slots(up=1)}
        self.net = self.daemons()
        self.net.start("s1", {"f1": CONTENT}, **slow)
        for name in ("s2", "s3"):
            self.net.start(name)
        self.net.run(20.0)
        self.net.peers["s3"].get("f1", unwatched)
        self.net.run(1.0)
        self.get()
        explained = self.assert_limited(Cause.HOLDER_BUSY, "s1", 2.0)
        self.assertIn("says that it is busy", explained.diagnosis.sentence)

    def test_queue(self) -> None:
        """s2 receives as many files as it may at a time."""
        self.begin(holder={"rates": Rates(up=MIB)}, requester={"at_once": Slots(down=1)})
        (self.net.folder / "s1" / "f2").write_bytes(CONTENT[1:])
        self.net.run(20.0)
        self.net.peers["s2"].get("f2", unwatched)
        self.assert_limited(Cause.OWN_QUEUE, None, 3.0)

    def test_paused(self) -> None:
        """A person has paused it."""
        self.begin(holder={"rates": Rates(up=MIB)})
        self.net.run(5.0)
        self.net.peers["s2"].pause(1)
        explained = self.assert_limited(Cause.PAUSED, None)
        self.assertEqual(explained.diagnosis.sentence, "it is paused: resume 1 goes on with it")

    def test_processor(self) -> None:
        """s2 has no time left on its processor."""
        self.begin(holder={"rates": Rates(up=MIB)})
        self.net.run(1.0)
        clock = self.net.network.processes["s2"].seconds
        account = self.net.peers["s2"]._downloads._downloads[1].reporter.account
        account._ticked, account._processor = (clock(), 0.97 * clock(), 0.0), lambda: 0.97 * clock()
        self.assert_limited(Cause.OWN_PROCESSOR, None, 20.0)

    def test_which(self) -> None:
        """One is chosen by its number, its name, or what was asked; by default, it is the last."""
        self.begin()
        s2 = self.net.peers["s2"]
        self.net.run(10.0)
        self.net.result(s2.find("nothing"))
        self.assertEqual((s2.explain().name, s2.explain().number), ("nothing", 0))
        self.assertEqual(s2.explain().diagnosis.cause, Cause.NOBODY)
        self.assertEqual([s2.explain(what).number for what in ("1", "f1", "F1")], [1, 1, 1])
        self.assertEqual(s2.explain("nothing").number, 0)
        # Names that are like it are asked for, too, though not by the person.
        self.assertRaises(NotFound, self.net.result, s2.get("film 1.mp4", unwatched))
        self.assertEqual(s2.explain().name, "film 1.mp4")
        self.net.result(s2.listing("s1"))
        self.assertEqual(s2.explain().name, "ls s1")
        self.assertIn("no other peer was asked", s2.explain().diagnosis.sentence)
        error = self.assertRaises(Unknown, s2.explain, "f9")
        self.assertIn("nothing is known of 'f9'", str(error))
        error = self.assertRaises(Unknown, self.net.peers["s1"].explain)
        self.assertIn("nothing was downloaded or asked yet", str(error))


class HostileTests(PeerTestCase):
    """A neighbor that makes things up."""

    def test_honest_holder(self) -> None:
        """It hides nothing of what an honest holder does, and what it says is told as its own."""
        file_id = content_id(CONTENT)
        net = self.daemons()
        net.start("s1", {"f1": CONTENT}, rates=Rates(up=MIB))
        for name in ("s2", "evil"):
            net.start(name)
        net.run(20.0)

        def made_up(answers: QueryAnswers, ask: Ask) -> "Deferred[LocalAnswer]":
            if answers._name != "evil" or ask.what == "topo":
                return honest(answers, ask)
            names = ["s1", *(f"fake{ask.id[:4]}{number}" for number in range(15))]
            hits = [Hit(name, "f1", len(CONTENT), file=file_id) for name in names]
            return succeed(LocalAnswer(hits=tuple(hits)))

        def refuse(uploads: Uploads, want: Want, link: Any, refused: Any) -> None:
            if uploads._name == "evil":
                refused("the disk of this peer is broken")
            else:
                serve(uploads, want, link, refused)

        honest, serve = QueryAnswers.answer_stranger, Uploads.serve
        self.patch(QueryAnswers, "answer_stranger", made_up)
        self.patch(Uploads, "serve", refuse)
        s2 = net.peers["s2"]
        s2.get("f1", unwatched)
        net.run(15.0)
        explained = s2.explain("f1")
        told = explained.diagnosis.cause, explained.diagnosis.peer
        self.assertEqual(told, (Cause.HOLDER_LIMIT, "s1"), explained)
        [first, *others] = explained.holders
        self.assertEqual((first.holder, first.via, first.share), ("s1", None, 1.0))
        self.assertEqual({each.via for each in others}, {"evil"}, others)
        texts = [note.text for note in explained.notes]
        self.assertIn("asked s1", texts)
        self.assertNotIn("s1: the disk of this peer is broken", texts[:2])
        self.assertLessEqual(len(explained.notes), 40)
        net.stop("s1")
        net.run(5.0)
        sentence = s2.explain("f1").diagnosis.sentence
        self.assertIn("(asked by way of a neighbor)", sentence)


class HashingTests(HashingCase):
    """A holder that still hashes."""

    def test_hashing(self) -> None:
        """Its name is told, and how far it is."""
        self.write("huge.bin")
        self.begun("huge.bin")
        done = self.get("huge.bin")
        self.assertTrue(self.net.network.clock.run_until(lambda: bool(self.hashing()), 60.0))
        explained = self.net.peers["s2"].explain()
        self.assertEqual(explained.diagnosis.cause, Cause.HOLDER_HASHING)
        self.assertEqual(explained.diagnosis.peer, "s1")
        self.net.result(done)
        explained = self.net.peers["s2"].explain("Huge")
        self.assertTrue(explained.is_ended)
        self.assertEqual(explained.diagnosis.cause, Cause.HOLDER_HASHING)
