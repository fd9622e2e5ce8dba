"""Downloads over simulated connections."""

import errno
import os
from itertools import pairwise
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.transfer.progress import (
    Blocked,
    Canceled,
    Failed,
    Progress,
    Receiving,
    Saved,
    Waiting,
)
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.limits import LINK_FILE_BYTES, MIB
from p2p_twisted.wire.messages import Chunk, File, Push, Refuse

from .world import Content, Stranger, World, names, some_bytes


class Tests(SynchronousTestCase):
    """What all tests here use."""

    def world(self, disk: Any = os) -> World:
        folder = mkdtemp()
        self.addCleanup(rmtree, folder)
        world = World(Path(folder), disk)
        self.addCleanup(world.close)
        return world

    def assert_saved(self, world: World, done: "Deferred[Progress]", content: Content) -> Saved:
        progress = self.successResultOf(done)
        assert isinstance(progress.state, Saved), progress
        self.assertEqual((progress.size, progress.received), (content.size, content.size))
        self.assertEqual(world.saved(), content.content)
        self.assertEqual(world.left(), ["Downloads/f1.txt"])
        return progress.state


class DownloadTests(Tests):
    """One file from honest holders."""

    def test_sizes(self) -> None:
        """Files of every awkward size arrive whole, and nothing else stays."""
        for size in (0, 1, 1023, MIB, MIB + 1, 5 * MIB + 7, 40 * MIB):
            world = self.world()
            content = Content(some_bytes(size))
            done = world.get(world.holder("s1", content).hit(content))
            self.assert_saved(world, done, content)
            self.assertEqual(names(world.shown)[-1], "Saved")
            self.assertEqual(content.is_closed, size > 0)

    def test_next_holder(self) -> None:
        """Where one holder refuses, is gone or keeps silent, the next one is asked."""
        world, content = self.world(), Content(some_bytes(2 * MIB))
        world.holder("mute").is_mute = True
        world.holder("empty")
        holders = [Content(b""), content]
        hits = [
            world.holder("s1", *holders).hit(content, peer=peer, route=(peer,))
            for peer in ("nobody", "empty", "mute", "s1")
        ]
        done = world.get(*hits)
        self.assertNoResult(done)
        world.wires.pass_time(5)
        self.assert_saved(world, done, content)

    def test_found_again(self) -> None:
        """When all holders have been tried, everybody is asked, until somebody is back."""
        world, content = self.world(), Content(some_bytes(MIB))
        done = world.get(world.holder("s1").hit(content))
        world.wires.pass_time(60)
        self.assertNoResult(done)
        self.assertIn(world.finds, range(5, 9))
        world.found = (world.holder("s2", content).hit(content),)
        world.wires.pass_time(30)
        self.assert_saved(world, done, content)

    def test_nobody_for_long(self) -> None:
        """After two minutes the person is told; the download still goes on when it can."""
        world, content = self.world(), Content(some_bytes(MIB))
        done = world.get(world.holder("s1").hit(content))
        world.wires.pass_time(150)
        progress = self.successResultOf(done)
        self.assertIsInstance(progress.state, Waiting)
        self.assertFalse(progress.is_ended)
        world.found = (world.holder("s2", content).hit(content),)
        world.wires.pass_time(31)
        self.assertEqual(names(world.shown)[-1], "Saved")
        self.assertEqual(world.saved(), content.content)

    def test_holder_dies(self) -> None:
        """What one holder has delivered the next one is not asked for."""
        world, content = self.world(), Content(some_bytes(40 * MIB))
        first, second = world.holder("s1", content), world.holder("s2", Content(content.content))
        done = world.downloads.get([first.hit(content), second.hit(content)], world.shown.append)
        for _ in range(30):
            world.wires.advance(0)
            for pump in world.wires.pumps:
                pump.pump()
        self.successResultOf(Deferred.fromCoroutine(self.stopped(first, world)))
        world.wires.settle()
        state = self.assert_saved(world, done, content)
        other = second.contents[content.file]
        self.assertIn(other.reads, range(1, 40))
        self.assertEqual(state.holders, ("s1", "s2"))

    async def stopped(self, holder: Any, world: World) -> None:
        stopping = Deferred.fromCoroutine(holder.pushes.stop())
        world.wires.settle()
        await stopping

    def test_collision(self) -> None:
        """Another file of that name stays as it is."""
        world, content = self.world(), Content(some_bytes(10))
        (world.folder / "Downloads").mkdir()
        (world.folder / "Downloads" / "f1.txt").write_bytes(b"mine")
        done = world.get(world.holder("s1", content).hit(content))
        state = self.successResultOf(done).state
        assert isinstance(state, Saved)
        self.assertEqual(os.path.basename(state.path), "f1 (1).txt")
        self.assertEqual(world.saved(), b"mine")
        self.assertEqual(world.saved("f1 (1).txt"), content.content)

    def test_already_there(self) -> None:
        """What is there under that name is not fetched again."""
        world, content = self.world(), Content(some_bytes(MIB + 3))
        for _ in range(2):
            done = world.get(world.holder("s1", content).hit(content))
            self.assert_saved(world, done, content)
        self.assertEqual(len(world.wants), 1)

    def test_watched_twice(self) -> None:
        """Asking for what is on its way does not fetch it twice."""
        world, content = self.world(), Content(some_bytes(3 * MIB))
        hit = world.holder("s1", content).hit(content)
        both = [world.downloads.get([hit], world.shown.append) for _ in range(2)]
        world.wires.settle()
        for done in both:
            self.assert_saved(world, done, content)
        self.assertEqual(len(world.downloads.all()), 1)

    def test_eight_at_once(self) -> None:
        """The ninth waits for its turn, and gets it."""
        world = self.world()
        holder = world.holder("s1")
        holder.is_mute = True
        contents = [Content(some_bytes(10, seed)) for seed in range(9)]
        for number, content in enumerate(contents):
            world.get(holder.hit(content, f"f{number}"))
        self.assertEqual(len(world.wants), 8)
        self.assertEqual(world.downloads.cancel(3).number, 3)
        self.assertEqual(world.wants[-1].file, contents[8].file)

    def test_cancel(self) -> None:
        """Nothing stays of a download that was given up."""
        world, content = self.world(), Content(some_bytes(3 * MIB))
        done, stranger = self.begun(world, content)
        stranger.say(Chunk(0, MIB), content.content[:MIB])
        world.wires.settle()
        self.assertEqual(len(world.left()), 3)
        world.downloads.cancel(1)
        world.wires.settle()
        self.assertIsInstance(self.successResultOf(done).state, Canceled)
        self.assertEqual(world.left(), [])
        self.assertTrue(stranger.is_lost)
        self.assertRaises(KeyError, world.downloads.cancel, 1)

    def test_progress(self) -> None:
        """Bytes are told at most five times a second, with a rate and the time left."""
        world, content = self.world(), Content(some_bytes(16 * MIB))
        done, stranger = self.begun(world, content)
        world.shown.clear()
        for index in range(8):
            stranger.say(Chunk(index, MIB), content.content[index * MIB : (index + 1) * MIB])
            world.wires.pass_time(0.1, 0.1)
        self.assertIn(len(world.shown), range(3, 6))
        state = world.shown[-1].state
        assert isinstance(state, Receiving)
        self.assertApproximates(state.rate, 10 * MIB, 2 * MIB)
        assert state.seconds_left is not None
        self.assertApproximates(state.seconds_left, 0.9, 0.3)
        self.assertNoResult(done)

    def begun(self, world: World, content: Content) -> tuple["Deferred[Progress]", Stranger]:
        """Begin a download whose holder is played by the test."""
        holder = world.holder("s1")
        holder.is_mute = True
        done = world.get(holder.hit(content))
        stranger = world.stranger()
        stranger.say(Push(world.wants[-1].ticket, content.file, content.size), content.digests)
        world.wires.settle()
        return done, stranger


class LiarTests(Tests):
    """Holders that deliver something else."""

    def begun(self, content: Content) -> tuple[World, "Deferred[Progress]", Stranger]:
        world = self.world()
        world.holder("liar").is_mute = True
        honest = world.holder("s1", content)
        done = world.get(honest.hit(content, peer="liar", route=("liar",)), honest.hit(content))
        return world, done, world.stranger()

    def push(self, world: World, content: Content) -> Push:
        return Push(world.wants[0].ticket, content.file, content.size)

    def assert_recovers(self, world: World, done: "Deferred[Progress]", content: Content) -> None:
        world.wires.pass_time(6)
        state = self.assert_saved(world, done, content)
        self.assertEqual(state.holders[-1], "s1")

    def test_flipped_bit(self) -> None:
        """One wrong bit, and its sender is not asked for that file for ten minutes."""
        content = Content(some_bytes(3 * MIB))
        world, done, liar = self.begun(content)
        wrong = bytearray(content.content[:MIB])
        wrong[12345] ^= 4
        liar.say(self.push(world, content), content.digests, Chunk(0, MIB), bytes(wrong))
        world.wires.settle()
        self.assertTrue(liar.is_lost)
        self.assert_recovers(world, done, content)
        hit = world.holders["s1"].hit(content, "again", peer="liar", route=("liar",))
        world.get(hit)
        self.assertEqual(len(world.wants), 2)
        world.wires.pass_time(600)
        world.downloads.cancel(2)
        world.get(hit)
        self.assertEqual(len(world.wants), 3)

    def test_framed(self) -> None:
        """Whoever lies in a holder's name does not keep us from that holder by other ways."""
        content = Content(some_bytes(3 * MIB))
        world = self.world()
        world.holder("evil").is_mute = True
        honest = world.holder("s1", content)
        done = world.get(honest.hit(content, route=("evil", "evil")), honest.hit(content))
        liar = world.stranger()
        liar.say(self.push(world, content), content.digests[:-1] + b"!")
        world.wires.settle()
        self.assert_saved(world, done, content)

    def test_wrong_digests(self) -> None:
        """Digests that are not of the file create nothing."""
        content = Content(some_bytes(3 * MIB))
        world, done, liar = self.begun(content)
        liar.say(self.push(world, content), content.digests[:-1] + b"!")
        self.assertEqual(world.left(), [f"wants/{content.file}.json"])
        world.wires.settle()
        self.assertTrue(liar.is_lost)
        self.assert_recovers(world, done, content)

    def test_wrong_announcements(self) -> None:
        """Chunks that were not asked for, or have another length, end the connection."""
        content = Content(some_bytes(2 * MIB + 5))
        for index, length in [(3, MIB), (99, 5), (0, MIB - 1), (2, MIB), (2, 4), (2, 6)]:
            world, done, liar = self.begun(content)
            liar.say(self.push(world, content), content.digests, Chunk(index, length))
            world.wires.settle()
            self.assertIn(b"ERROR", liar.received)
            self.assertTrue(liar.is_lost)
            self.assert_recovers(world, done, content)

    def test_same_chunk_twice(self) -> None:
        """A chunk that has come is not asked for any more."""
        content = Content(some_bytes(2 * MIB))
        world, done, liar = self.begun(content)
        chunk = encode(Chunk(0, MIB)) + content.content[:MIB]
        liar.say(self.push(world, content), content.digests, chunk, chunk)
        world.wires.settle()
        self.assertTrue(liar.is_lost)
        self.assert_recovers(world, done, content)

    def test_truncated(self) -> None:
        """A push may end anywhere: nothing short ever gets a final name."""
        content = Content(some_bytes(MIB + 100))
        for cut in [0, 1, 63, 64, 65, 100, 2_000, MIB, MIB + 64, MIB + 130, MIB + 160]:
            world, done, liar = self.begun(content)
            whole = b"".join(
                [
                    content.digests,
                    encode(Chunk(1, 100)) + content.content[MIB:],
                    encode(Chunk(0, MIB)) + content.content[:MIB],
                ]
            )
            liar.say(self.push(world, content), whole[:cut])
            world.wires.settle()
            self.assertEqual([name for name in world.left() if name.endswith("txt")], [])
            assert liar.transport is not None
            liar.transport.loseConnection()
            self.assert_recovers(world, done, content)

    @settings(max_examples=20, deadline=None)
    @given(st.lists(st.integers(1, 3 * MIB), max_size=20), st.permutations(range(4)))
    def test_any_chunking(self, cuts: list[int], order: list[int]) -> None:
        """However the bytes are cut, and in whatever order chunks come, the file is whole."""
        content = Content(some_bytes(3 * MIB + 100))
        world, done, holder = self.begun(content)
        chunks = [content.content[index * MIB : (index + 1) * MIB] for index in range(4)]
        whole = content.digests
        for index in order:
            whole += encode(Chunk(index, len(chunks[index]))) + chunks[index]
        holder.say(self.push(world, content))
        # Chunks must not come before they were asked for.
        for start, end in pairwise(sorted({0, 128, len(whole), *cuts})):
            holder.say(whole[start:end])
            world.wires.settle()
        self.assertEqual(self.assert_saved(world, done, content).holders, ("liar",))
        self.doCleanups()

    def test_stalls(self) -> None:
        """A holder that stops, or dribbles, is given up after half a minute."""
        content = Content(some_bytes(MIB))
        for dribble in (b"", b"x" * 400):
            world = self.world()
            holder = world.holder("liar")
            holder.is_mute = True
            done = world.get(holder.hit(content))
            liar = world.stranger()
            liar.say(self.push(world, content), content.digests, Chunk(0, MIB), b"x" * 40_000)
            for _ in range(56):
                liar.say(dribble)
                world.wires.pass_time(0.5)
            self.assertFalse(liar.is_lost)
            world.found = (world.holder("s1", content).hit(content),)
            for _ in range(6):
                liar.say(dribble)
                world.wires.pass_time(0.5)
            self.assertTrue(liar.is_lost)
            self.assert_recovers(world, done, content)

    def test_unwanted_pushes(self) -> None:
        """Unknown tickets, other files, other sizes and spent tickets create nothing."""
        content = Content(some_bytes(100))
        world, done, first = self.begun(content)
        before = world.left()
        ticket = world.wants[0].ticket
        for push in (
            Push("f" * 32, content.file, content.size),
            Push(ticket, "f" * 64, content.size),
            Push(ticket, content.file, content.size + 1),
        ):
            stranger = world.stranger()
            stranger.say(push, content.digests)
            world.wires.settle()
            self.assertTrue(stranger.is_lost)
            self.assertEqual(world.left(), before)
        first.say(self.push(world, content), content.digests)
        world.wires.settle()
        second = world.stranger()
        second.say(self.push(world, content), content.digests)
        world.wires.settle()
        self.assertTrue(second.is_lost)
        first.say(Chunk(0, 100), content.content)
        world.wires.settle()
        self.assert_saved(world, done, content)
        replay = world.stranger()
        replay.say(self.push(world, content), content.digests)
        world.wires.settle()
        self.assertTrue(replay.is_lost)
        self.assertEqual(world.left(), ["Downloads/f1.txt"])

    def test_honest_but_changed(self) -> None:
        """A holder whose file has changed says so, and is not blamed."""
        content = Content(some_bytes(3 * MIB))
        world = self.world()
        stale = world.holder("stale", Content(content.content))
        stale.contents[content.file].is_changed = True
        honest = world.holder("s1", content)
        done = world.get(stale.hit(content), honest.hit(content))
        self.assert_saved(world, done, content)
        self.assertTrue(stale.contents[content.file].is_closed)
        other = Content(b"other")
        world.holder("stale", other)
        self.successResultOf(world.get(world.holders["stale"].hit(other, "o")))

    def test_false_size(self) -> None:
        """A hit with a false size does not stand in the way of the true one."""
        content = Content(some_bytes(10))
        world = self.world()
        honest = world.holder("s1", content)
        done = world.get(honest.hit(content, size=11), honest.hit(content))
        world.wires.pass_time(6)
        self.assert_saved(world, done, content)

    def test_refused_on_the_push(self) -> None:
        """A holder may refuse when it has connected already."""
        content = Content(some_bytes(10))
        world, done, holder = self.begun(content)
        holder.say(self.push(world, content), content.digests, Refuse("0" * 32, "no more"))
        world.wires.settle()
        self.assert_recovers(world, done, content)


class LinkFileTests(Tests):
    """Small files that come on a link."""

    def arrive(self, world: World, file: File, *pieces: bytes) -> bytes:
        """Let a file arrive on a link; return what was left unread."""
        link = Link()
        world.downloads.file_arrives(link, file)  # type: ignore[arg-type]
        for piece in pieces:
            link.give(piece)
        world.wires.settle()
        return link.rest

    def test_arrives(self) -> None:
        """What was asked for is saved, however it is cut."""
        for size in (1, LINK_FILE_BYTES):
            world, content = self.world(), Content(some_bytes(size))
            world.holder("s1").is_mute = True
            done = world.get(world.holders["s1"].hit(content))
            half = size // 2
            pieces = content.content[:half], content.content[half:]
            self.arrive(world, File(world.wants[0].ticket, size), *pieces)
            self.assert_saved(world, done, content)

    def test_unknown(self) -> None:
        """What nobody waits for is read and dropped."""
        world = self.world()
        self.assertEqual(self.arrive(world, File("a" * 32, 5), b"hello", b"next"), b"next")
        self.assertEqual(world.left(), [])

    def test_wrong(self) -> None:
        """Wrong content is not saved, and its sender not asked again."""
        world, content = self.world(), Content(b"hello")
        world.holder("s1").is_mute = True
        world.get(world.holders["s1"].hit(content))
        self.arrive(world, File(world.wants[0].ticket, 5), b"hallo")
        world.found = (world.holders["s1"].hit(content),)
        world.wires.pass_time(60)
        self.assertEqual(len(world.wants), 1)
        self.assertEqual(world.left(), [f"wants/{content.file}.json"])


class Link:
    """A link, as far as raw bytes go."""

    def __init__(self) -> None:
        self.left = 0
        self.rest = b""

    def expect_raw(self, length: int, sink: Any) -> None:
        self.left, self.sink = length, sink

    def give(self, piece: bytes) -> None:
        now = piece[: self.left]
        self.left -= len(now)
        self.rest += piece[len(now) :]
        if now:
            self.sink(now)


class FaultyDisk:
    """A disk on which chosen calls fail."""

    def __init__(self, **errors: int) -> None:
        self.errors = errors
        self.calls_before = 0

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            if name in self.errors:
                if self.calls_before <= 0:
                    raise OSError(self.errors[name], os.strerror(self.errors[name]))
                self.calls_before -= 1
            return getattr(os, name)(*args, **kwargs)

        return call


class ShortWrites:
    """A disk that writes a thousand bytes at a time."""

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def pwrite(self, fd: int, data: memoryview, offset: int) -> int:
        return os.pwrite(fd, data[:1000], offset)


class DiskTests(Tests):
    """Disks that are full or broken."""

    def test_full(self) -> None:
        """On a full disk the download waits for space; what has arrived is kept."""
        disk = FaultyDisk(pwrite=errno.ENOSPC)
        disk.calls_before = 3
        world, content = self.world(disk), Content(some_bytes(6 * MIB))
        world.found = (world.holder("s1", content).hit(content),)
        progress = self.successResultOf(world.get(*world.found))
        self.assertEqual(progress.state, Blocked("the disk is full"))
        world.wires.pass_time(300)
        self.assertLess(len(world.wants), 12)
        self.assertEqual(names(world.shown)[-1], "Blocked")
        disk.errors.clear()
        content.reads = 0
        world.wires.pass_time(60)
        self.assertEqual(names(world.shown)[-1], "Saved")
        self.assertEqual(world.saved(), content.content)
        self.assertEqual(world.left(), ["Downloads/f1.txt"])
        self.assertEqual(content.reads, 3)

    def test_full_at_fsync(self) -> None:
        """What a full disk could not make safe is fetched again: it may be gone after a crash."""
        disk = NoPartIsSafe(errno.ENOSPC)
        world, content = self.world(disk), Content(some_bytes(3 * MIB))
        hit = world.holder("s1", content).hit(content)
        self.assertEqual(self.successResultOf(world.get(hit)).state, Blocked("the disk is full"))
        disk.error = 0
        content.reads = 0
        done = world.get(hit)
        world.wires.settle()
        self.assert_saved(world, done, content)
        self.assertEqual(content.reads, 3)

    def test_too_small(self) -> None:
        """Nothing is fetched that does not fit."""
        world, content = self.world(Small()), Content(some_bytes(2 * MIB))
        state = self.successResultOf(world.get(world.holder("s1", content).hit(content))).state
        assert isinstance(state, Blocked)
        self.assertIn("1,048,576 are free", state.reason)
        self.assertEqual(content.reads, 0)
        world.downloads.cancel(1)
        self.assertEqual(world.left(), [])

    def test_fsync_fails(self) -> None:
        """After a failed fsync nobody knows what is on the disk: the part is removed."""
        world, content = self.world(NoPartIsSafe()), Content(some_bytes(20))
        state = self.successResultOf(world.get(world.holder("s1", content).hit(content))).state
        assert isinstance(state, Failed)
        self.assertFalse(state.is_kept)
        self.assertEqual(world.left(), [])

    def test_every_call(self) -> None:
        """Whichever call fails, no final name stands for anything but the whole."""
        for call in ("pwrite", "fsync", "link"):
            for code in (errno.ENOSPC, errno.EIO):
                for before in range(9):
                    disk = FaultyDisk(**{call: code})
                    disk.calls_before = before
                    world, content = self.world(disk), Content(some_bytes(MIB + 2))
                    hit = world.holder("s1", content).hit(content)
                    progress = self.successResultOf(world.get(hit))
                    if "Downloads/f1.txt" in world.left():
                        self.assertEqual(world.saved(), content.content)
                    else:
                        self.assertIsInstance(
                            progress.state, Failed if code == errno.EIO else Blocked
                        )
                    disk.errors.clear()
                    done = world.get(hit)
                    world.wires.settle()
                    self.assert_saved(world, done, content)

    def test_no_links(self) -> None:
        """Without hard links the file gets its name all the same, and replaces nothing."""
        world, content = self.world(FaultyDisk(link=errno.EPERM)), Content(some_bytes(MIB + 2))
        done = world.get(world.holder("s1", content).hit(content))
        self.assert_saved(world, done, content)
        other = Content(b"other")
        self.successResultOf(world.get(world.holder("s1", other).hit(other)))
        self.assertEqual(world.saved(), content.content)
        self.assertEqual(world.saved("f1 (1).txt"), b"other")

    def test_short_writes(self) -> None:
        """A call that writes less than it was given is called again."""
        world, content = self.world(ShortWrites()), Content(some_bytes(MIB + 2))
        self.assert_saved(world, world.get(world.holder("s1", content).hit(content)), content)


class NoPartIsSafe(FaultyDisk):
    """A disk that fails to make part files safe."""

    def __init__(self, error: int = errno.EIO) -> None:
        super().__init__()
        self.error = error

    def fsync(self, fd: int) -> None:
        if self.error and os.readlink(f"/proc/self/fd/{fd}").endswith(".part"):
            raise OSError(self.error, os.strerror(self.error))


class Small(FaultyDisk):
    """A disk with 1 MiB left."""

    def fstatvfs(self, fd: int) -> os.statvfs_result:
        state = list(os.fstatvfs(fd))
        state[0] = state[1] = 4096
        state[4] = 256
        return os.statvfs_result(state)
