"""Chunks that come while others are still being verified and written."""

import errno
import gc
import mmap
from collections import Counter
from unittest.mock import patch
from weakref import ReferenceType, ref

from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import Blocked, Canceled, Paused, Progress, Saved
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.messages import Chunk
from tests.download.cases import LiarCase, names_of
from tests.download.content import Content, some_bytes
from tests.download.wires import Stranger
from tests.download.world import World
from tests.storage.disks import FaultyDisk
from tests.wire.ends import open_files

_AHEAD = 3
# One byte more, and the honest holder would be asked at once.
_CONTENT = some_bytes(4 * MIB - 1)


class AtWorkTests(LiarCase):
    """A writer with a core of its own, which works when the test says so."""

    def beside(self, world: World) -> World:
        world.writing.stands_still, world.writing.ahead = True, _AHEAD
        return world

    def pushed(self, content: Content) -> tuple[World, "Deferred[Progress]", Stranger]:
        """Begin a download from somebody who is played by the test, and has said what it is."""
        world, done, played = self.begun(content)
        self.beside(world)
        played.say(self.push(world, content), content.digests)
        world.wires.settle()
        return world, done, played

    def say(self, world: World, played: Stranger, content: Content, *indexes: int) -> None:
        for index in indexes:
            chunk = content.content[index * MIB : (index + 1) * MIB]
            played.say(Chunk(index, len(chunk)), chunk)
        world.wires.settle()

    def received(self, world: World) -> int:
        return world.downloads.all()[0].received

    def go_on(self, world: World) -> None:
        world.writing.go_on()
        world.wires.settle()

    def test_counts_once_verified(self) -> None:
        """Others come meanwhile, as many as may; none counts before it is verified and written."""
        content = Content(_CONTENT)
        world, done, played = self.pushed(content)
        self.say(world, played, content, 2, 0, 1, 3)
        self.assertEqual((len(world.writing.waiting), self.received(world)), (_AHEAD, 0))
        for expected in (1 * MIB, 2 * MIB, 3 * MIB, content.size):
            world.writing.do_one()
            world.wires.settle()
            self.assertEqual(self.received(world), expected)
        self.go_on(world)
        self.assertEqual(names_of(self.assert_saved(world, done, content)), ("liar",))

    def test_several_more(self) -> None:
        """A holder that had to wait sends again once half is written: several, and not each."""
        content = Content(_CONTENT)
        world, done, played = self.pushed(content)
        self.say(world, played, content, 2, 0, 1, 3)
        for expected in (2, 2):
            world.writing.do_one()
            world.wires.settle()
            self.assertEqual(len(world.writing.waiting), expected)
        self.go_on(world)
        self.assert_saved(world, done, content)

    def test_saved_at_once(self) -> None:
        """Once all is written, it has its name without another turn of the writer."""
        content = Content(_CONTENT)
        world, _done, played = self.pushed(content)
        self.say(world, played, content, 2, 0, 1, 3)
        for _chunk in range(content.size // MIB + 1):
            world.writing.do_one()
            world.wires.settle()
        self.assertEqual(world.saved(), content.content)
        self.go_on(world)

    def test_wrong_one(self) -> None:
        """A wrong chunk counts for nothing, and ends the push; right ones that have come count."""
        content = Content(_CONTENT)
        world, done, played = self.pushed(content)
        wrong = content.content[MIB : 2 * MIB - 1] + b"!"
        self.say(world, played, content, 0)
        played.say(Chunk(1, MIB), wrong)
        self.say(world, played, content, 2, 3)
        for lost, expected in ((False, 1), (True, 1), (True, 2)):
            world.writing.do_one()
            world.wires.settle()
            self.assertEqual((played.is_lost, self.received(world)), (lost, expected * MIB))
        self.go_on(world)
        self.assert_recovers(world, done, content)

    def test_twice(self) -> None:
        """A chunk that is at work has come: it is not asked for any more."""
        content = Content(_CONTENT)
        world, done, played = self.pushed(content)
        self.say(world, played, content, 0, 0)
        self.assertIn(b"ERROR", played.received)
        self.go_on(world)
        self.assert_recovers(world, done, content)

    def test_holder_lost(self) -> None:
        """What a holder had sent before it was lost is kept, and others send the rest."""
        content = Content(_CONTENT)
        world, done, played = self.pushed(content)
        self.say(world, played, content, 0, 1)
        assert played.transport is not None
        played.transport.loseConnection()
        world.wires.settle()
        self.go_on(world)
        self.assert_recovers(world, done, content)

    def test_others_are_silent(self) -> None:
        """That chunks of one holder are at work excuses no other that owes something."""
        content = Content(some_bytes(8 * MIB))
        world = self.beside(self.world())
        honest, silent = world.holder("s1", content), world.holder("s2")
        silent.is_mute = True
        done = world.get(silent.hit(content), honest.hit(content))
        played = world.stranger()
        played.say(self.push(world, content), content.digests)
        for _ in range(12):
            world.wires.pass_time(0.5)
            # There is always something at work.
            while len(world.writing.waiting) > 1:
                world.writing.do_one()
                world.wires.settle()
        # All but that has come from the other holder.
        self.assertEqual(self.received(world), 7 * MIB)
        self.go_on(world)
        self.assertEqual(names_of(self.assert_saved(world, done, content)), ("s1",))

    def test_memory(self) -> None:
        """What a chunk was written from serves the next one, whichever holder sends that."""
        content = Content(_CONTENT)
        with patch.object(mmap, "mmap", wraps=mmap.mmap) as memory:
            world, done, played = self.pushed(content)
            self.say(world, played, content, 0, 1)
            self.go_on(world)
            assert played.transport is not None
            played.transport.loseConnection()
            world.wires.settle()
            self.assert_recovers(world, done, content)
        self.assertEqual(memory.call_count, 1)

    def test_memory_is_given_back(self) -> None:
        """Once a download is saved and its holders are gone, its chunks' memory is given back."""
        blocks: list[ReferenceType[mmap.mmap]] = []

        def watched(*args: int) -> mmap.mmap:
            block = made(*args)
            blocks.append(ref(block))
            return block

        made, content = mmap.mmap, Content(_CONTENT)
        gc.disable()
        self.addCleanup(gc.enable)
        with patch.object(mmap, "mmap", watched):
            world, done, played = self.pushed(content)
            self.say(world, played, content, 0, 1, 2, 3)
            self.go_on(world)
            self.assert_saved(world, done, content)
            assert played.transport is not None
            played.transport.loseConnection()
            world.wires.settle()
        self.assertEqual([block() for block in blocks], [None, None])

    def test_disk_full(self) -> None:
        """When several cannot be written, the download waits for room once, and then goes on."""
        disk = FaultyDisk()
        world, content = self.beside(self.world(disk)), Content(_CONTENT)
        world.found = (world.holder("s1", content).hit(content),)
        done = world.get(*world.found)
        self.assertEqual(len(world.writing.waiting), _AHEAD)
        disk.errors = {"pwrite": errno.ENOSPC}
        self.go_on(world)
        self.assertEqual(self.successResultOf(done).state, Blocked("the disk is full"))
        disk.errors.clear()
        world.wires.pass_time(60.0)
        self.assertEqual(world.saved(), content.content)

    def test_given_up_anywhere(self) -> None:
        """Wherever it is paused or canceled, what is at work ends first, and nothing stays open."""
        for give_up, state in (("pause", Paused), ("cancel", Canceled)):
            ends = Counter(self.given_up_after(calls, give_up) for calls in range(9))
            self.assertEqual(set(ends), {state, Saved})
            self.assertGreater(min(ends.values()), 1)

    def given_up_after(self, calls: int, give_up: str) -> type:
        """Pause or cancel a download once so many calls of its writer have ended."""
        before, content = Counter(open_files()), Content(_CONTENT)
        world = self.beside(self.world())
        world.get(world.holder("s1", content).hit(content))
        for _ in range(calls):
            world.writing.do_one()
            world.wires.settle()
        if not world.downloads.all()[0].is_ended:
            getattr(world.downloads, give_up)(1)
            world.wires.settle()
        while world.writing.do_one():
            world.wires.settle()
        [progress] = world.downloads.all()
        if isinstance(progress.state, Canceled):
            self.assertEqual(world.left(), [])
        self.assertEqual(Counter(open_files()) - before, Counter())
        self.assertEqual(world.wires.getDelayedCalls(), [])
        return type(progress.state)

    def test_cut_anyhow(self) -> None:
        """However the bytes are cut while chunks are at work, the file is whole."""
        content = Content(some_bytes(3 * MIB + 100))
        whole = b"".join(
            encode(Chunk(index, len(chunk))) + chunk
            for index in (3, 1, 0, 2)
            for chunk in [content.content[index * MIB : (index + 1) * MIB]]
        )
        for size in (100_000, 700_000, MIB + 7):
            world, done, played = self.pushed(content)
            for start in range(0, len(whole), size):
                played.say(whole[start : start + size])
                world.wires.settle()
                if start // size % 2:
                    world.writing.do_one()
                    world.wires.settle()
            while world.writing.do_one():
                world.wires.settle()
            self.assertEqual(names_of(self.assert_saved(world, done, content)), ("liar",))
