"""Downloads of single files, from being asked for to being saved or given up."""

import os

from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import (
    Canceled,
    Failed,
    Progress,
    Queued,
    Receiving,
    Saved,
    Seeking,
)
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.messages import Chunk, Push
from tests.download.cases import DownloadCase
from tests.download.content import Content, some_bytes
from tests.download.wires import Stranger
from tests.download.world import World, names


class DownloadTests(DownloadCase):
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
        self.assertEqual(world.downloads.all()[8].state, Queued())
        self.assertEqual(world.downloads.cancel(3).number, 3)
        self.assertEqual(world.wants[-1].file, contents[8].file_id)
        self.assertEqual(world.downloads.all()[8].state, Seeking())

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

    def test_unexpected(self) -> None:
        """Whatever nobody has thought of is logged and ends it; it can be asked for again."""

        def fail(*_args: object) -> None:
            raise ZeroDivisionError

        for step in ("find_same", "open_part"):
            world, content = self.world(), Content(some_bytes(3 * MIB))
            hit = world.holder("s1", content).hit(content)
            patch = self.patch(world.inbox, step, fail)
            state = self.successResultOf(world.get(hit)).state
            assert isinstance(state, Failed), state
            self.assertTrue(state.is_kept)
            self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
            patch.restore()
            self.assert_saved(world, world.get(hit), content)

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
        stranger.say(Push(world.wants[-1].ticket, content.file_id, content.size), content.digests)
        world.wires.settle()
        return done, stranger
