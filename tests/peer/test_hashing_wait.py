"""What its holder is still hashing, or still being given, is waited for."""

import os
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from p2p_twisted.download.progress import Canceled, Hashing, Progress, Saved
from p2p_twisted.peer.hashing_wait import HashingWait
from p2p_twisted.peer.interface import unwatched
from p2p_twisted.peer.kept_waits import Wait
from p2p_twisted.peer.patience import NeverStill
from p2p_twisted.peer_errors import IsFolder, NotFound, NotReady, PeerError
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.threads import inline
from p2p_twisted.wire.messages import Hit
from tests.peer.cases import SONG, PeerTestCase

MIB = 1 << 20


class HashingCase(PeerTestCase):
    """s2 wants what s1 hashes at 1 MiB a second, or what is still being written there."""

    def setUp(self) -> None:
        self.seen: list[Progress] = []
        self.net = self.daemons()
        self.net.start("s1", {"own": b"own"})
        self.net.start("s2")
        self.net.run(8.0)
        peer = self.net.peers["s1"]
        indexer = peer._shared.own._indexer

        def slowly(function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
            if function.__name__ == "hash":
                return deferLater(peer._clock, 1.0, function, args[0], 1, *args[2:])
            return inline(function, *args)

        indexer._offload = slowly

    def write(self, name: str, content: bytes = SONG, age: float = 60.0) -> None:
        """Write a file of s1 that was last changed so many seconds ago."""
        path = self.net.folder / "s1" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (self.net.wall() - age, self.net.wall() - age))

    def begun(self, name: str) -> None:
        """Wait until s1 has found a file and begun to hash it."""

        def is_begun() -> bool:
            entry = self.net.peers["s1"]._shared.own.catalog.entry(name)
            return entry is not None

        self.assertTrue(self.net.network.clock.run_until(is_begun, 60.0))

    def get(self, wanted: str | Hit) -> "Deferred[Progress]":
        return self.net.peers["s2"].get(wanted, self.seen.append)

    def get_all(self, *words: str) -> "Deferred[tuple[Progress, ...]]":
        peer = self.net.peers["s2"]
        selecting = peer.select(words)
        return selecting.addCallback(peer.get_selected, self.seen.append)

    def hashed(self, name: str) -> Callable[[], bool]:
        catalog = self.net.peers["s1"]._shared.own.catalog
        return lambda: (entry := catalog.entry(name)) is not None and entry.content is not None

    def saved(self, name: str) -> Callable[[], bool]:
        return (self.net.folder / "s2" / "Downloads" / name).exists

    def append(self, name: str, count: int, content: bytes) -> None:
        """Write to a file every half second, in the middle of the network's life."""
        path = self.net.folder / "s1" / name
        for _ in range(count):
            with path.open("ab") as file:
                file.write(content)
            os.utime(path, (self.net.wall(), self.net.wall()))
            self.net.run(0.5)

    def hashing(self) -> list[Hashing]:
        return [each.state for each in self.seen if isinstance(each.state, Hashing)]


class WaitTests(HashingCase):
    def test_begins_by_itself(self) -> None:
        """It shows how far its holder is, and is saved at once when it has an id."""
        self.write("huge.bin")
        self.begun("huge.bin")
        asked = self.net.wall()
        done = self.get("huge")
        progress = self.net.result(done)
        self.assertIsInstance(progress.state, Saved)
        self.assertLess(self.net.wall() - asked, 8.0)
        self.assertEqual(self.net.download("s2", "huge.bin"), SONG)
        percents = [state.percent for state in self.hashing()]
        self.assertEqual(percents, sorted(percents))
        self.assertGreater(len(set(percents)), 1)
        # What cannot be told apart by its id yet has none: others look at that.
        self.assertEqual(
            {each.file_id for each in self.seen if isinstance(each.state, Hashing)}, {""}
        )
        # One download, under one number.
        self.assertEqual({each.number for each in self.seen}, {1})
        self.assertEqual(self.net.peers["s2"].transfers(), (progress,))

    def test_chosen(self) -> None:
        """What was chosen from a list before it had an id is asked for again."""
        self.write("huge.bin")
        self.begun("huge.bin")
        found = self.net.result(self.net.peers["s2"].find("huge"))
        self.assertIsNone(found.hits[0].file)
        self.assertIsInstance(self.net.result(self.get(found.hits[0])).state, Saved)

    def test_folder(self) -> None:
        """A folder is waited for until all of its files are hashed."""
        self.write("disk/a")
        self.write("disk/b", SONG[:MIB])
        self.begun("disk/a")
        only_a_file = self.net.peers["s2"].get("disk", self.fail, is_file=True)
        with self.assertRaises(IsFolder):
            self.net.result(only_a_file)
        self.net.result(self.get("disk"))
        self.assertEqual(self.net.download("s2", "disk/a"), SONG)

    def test_several(self) -> None:
        """Several names and patterns wait, too, and show that."""
        self.write("a.bin")
        self.write("b.bin", SONG[1:])
        self.begun("b.bin")
        for words in (["a.bin", "own"], ["*.bin"]):
            peer = self.net.peers["s2"]
            selection = self.net.result(peer.select(words, watch=self.seen.append))
            self.assertEqual(selection.failed, ())
            self.assertEqual(len(selection.things), 2)
        self.assertTrue(self.hashing())
        self.assertIsInstance(self.seen[-1].state, Canceled)
        self.assertEqual(self.net.peers["s2"].transfers(), ())

    def test_cancel(self) -> None:
        """It can be canceled while it waits; nothing is fetched then."""
        self.write("huge.bin")
        self.begun("huge.bin")
        done = self.get("huge.bin")
        self.net.run(2.0)
        self.net.peers["s2"].cancel(1)
        error = self.assertRaises(PeerError, self.net.result, done)
        self.assertIn("huge.bin was canceled", str(error))
        self.net.run(20.0)
        [progress] = self.net.peers["s2"].transfers()
        self.assertIsInstance(progress.state, Canceled)
        self.assertFalse((self.net.folder / "s2" / "Downloads" / "huge.bin").exists())

    def test_cancel_at_any_time(self) -> None:
        """That holds also when its holder is just being asked."""
        self.write("huge.bin")
        self.begun("huge.bin")
        peer = self.net.peers["s2"]
        for tenths in range(10):
            done = self.get("huge.bin")
            self.net.run(1.0 + tenths / 10)
            peer.cancel(peer.transfers()[-1].number)
            self.assertRaises(PeerError, self.net.result, done)
            # It is hashed from the beginning.
            self.write("huge.bin", SONG + bytes([tenths]))
            self.begun("huge.bin")
        self.assertTrue(all(isinstance(each.state, Canceled) for each in peer.transfers()))

    def test_stopped(self) -> None:
        """A peer that stops waits no longer, and says so to everybody who waits."""
        self.write("huge.bin")
        self.begun("huge.bin")
        peer = self.net.peers["s2"]
        waiting = [
            self.get("huge.bin"),
            peer.select(["huge.bin", "own"], watch=unwatched),
            self.get_all("*.bin"),
        ]
        self.net.run(2.0)
        self.assertTrue(self.hashing())
        self.net.result(self.net.stop("s2"))
        for done in waiting:
            error = self.failureResultOf(done, NotReady).value
            self.assertIs(error.exit, Exit.UNFINISHED)
            self.assertRegex(str(error), "^this peer is leaving: what it waits for goes on")
        self.net.run(3.0)
        self.assertEqual(self.net.network.processes["s2"].getDelayedCalls(), [])

    def test_removed(self) -> None:
        """What is gone before it was hashed is not waited for any longer."""
        self.write("huge.bin")
        self.begun("huge.bin")
        done = self.get("huge.bin")
        self.net.run(2.0)
        (self.net.folder / "s1" / "huge.bin").unlink()
        self.assertRaises(NotFound, self.net.result, done)
        self.assertEqual(self.net.peers["s2"].transfers(), ())


class EarlierTests(PeerTestCase):
    """What an earlier run waited for, while nobody answers at once."""

    def setUp(self) -> None:
        self.net = self.daemons()
        self.net.start("s2")
        self.net.run(2.0)
        self.seen: list[Progress] = []
        self.searches: list[Deferred[None]] = []

    async def search(self) -> None:
        self.searches.append(Deferred())
        await self.searches[-1]

    def wait_again(self, number: int) -> HashingWait:
        peer = self.net.peers["s2"]
        waiting = HashingWait(peer._clock, peer._downloads, self.seen.append, lambda _wait: None)
        waiting.go_on(Wait("huge.bin", "huge.bin", None, number))
        return waiting

    def go_on(self, waiting: HashingWait) -> "Deferred[None]":
        return Deferred.fromCoroutine(waiting.until_hashed(self.search, "huge.bin", None))

    def test_cancel_during_a_search(self) -> None:
        """A cancel ends it at once, whichever search runs, and it stays canceled."""
        peer = self.net.peers["s2"]
        for number in range(1, 6):
            done = self.go_on(self.wait_again(number))
            for _ in range(1, number):
                self.searches[-1].errback(NotFound("no peer has huge.bin"))
                self.net.run(31.0)
            peer.cancel(number)
            self.failureResultOf(done, NotReady)
            self.net.run(31.0)
            self.assertEqual(peer.transfers()[-1].state, Canceled())
            self.assertEqual(self.seen[-1].state, Canceled())
        self.assertEqual(len(self.searches), 15)

    def test_cancel_before_a_search(self) -> None:
        """Nothing is looked for that is canceled before this peer is in the network."""
        waiting = self.wait_again(1)
        self.net.peers["s2"].cancel(1)
        self.failureResultOf(self.go_on(waiting), NotReady)
        self.assertEqual(self.searches, [])

    def test_canceled_stays_so(self) -> None:
        """What is heard of it later changes nothing."""
        expected = self.net.peers["s2"]._downloads.expect("huge.bin", self.seen.append)
        expected.cancel()
        expected.miss()
        expected.show(Hit("s1", "huge.bin", 1, hashed=5))
        self.assertEqual(expected.progress.state, Canceled())


class GrowingTests(HashingCase):
    def test_copied_there(self) -> None:
        """A file that is still being copied into the share comes once that has ended, whole."""
        self.write("huge.bin", b"", age=0.0)
        self.append("huge.bin", 10, SONG[:MIB])
        done = self.get("huge.bin")
        self.append("huge.bin", 60, SONG[:MIB])
        self.assertFalse(done.called)
        self.assertTrue(any(state.is_growing for state in self.hashing()))
        self.assertIsInstance(self.net.result(done, 300.0).state, Saved)
        self.assertEqual(len(self.net.download("s2", "huge.bin")), 70 * MIB)

    def test_log(self) -> None:
        """A file that is written to for ever is refused with the reason."""
        self.write("app.log", b"begin\n", age=0.0)
        self.append("app.log", 20, b"line\n")
        done = self.get("app.log")
        done.addErrback(lambda failure: str(failure.trap(PeerError) and failure.value))
        self.append("app.log", 60, b"line\n")
        self.assertIn("s1 keeps writing to app.log", str(self.successResultOf(done)))

    def test_among_others(self) -> None:
        """Of a pattern's files all but that one are fetched."""
        self.write("app.log", b"begin\n", age=0.0)
        self.write("old.log", b"old\n")
        self.append("app.log", 20, b"line\n")
        selecting = self.net.peers["s2"].select(["*.log"], watch=unwatched)
        self.append("app.log", 60, b"line\n")
        selection = self.successResultOf(selecting)
        self.assertEqual([hits[0].name for hits in selection.things], ["old.log"])
        [(word, why)] = selection.failed
        self.assertEqual((word, type(why)), ("*.log", NeverStill))
