"""Downloads of what its holder changes meanwhile."""

from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import Failed, Incomplete, Progress, Saved, Waiting
from tests.download.cases import DownloadCase, InterruptedCase, SmallFilesCase, folder_of, small
from tests.download.content import Content, some_bytes
from tests.download.holding import make_uploads
from tests.download.world import World

MIB = 1 << 20


class ChangedTests(InterruptedCase):
    def begun(self) -> tuple[World, "Deferred[Progress]", Content]:
        content = Content(some_bytes(6 * MIB))
        world, done = self.half_way(content)
        content = world.holders["s1"].contents[content.file_id]
        return world, done, content

    def test_ends_at_once(self) -> None:
        """It ends with the reason, and nothing is left of it."""
        world, done, content = self.begun()
        self.remove(world, content)
        world.changed = {"s1"}
        world.wires.pass_time(2)
        state = self.successResultOf(done).state
        assert isinstance(state, Failed), state
        self.assertIn("s1 has changed it meanwhile", state.reason)
        self.assertFalse(state.is_kept)
        self.assertEqual(world.left(), [])

    def test_claimed(self) -> None:
        """What others say in the name of a holder that is away, or has it still, ends nothing."""
        for is_away in (True, False):
            world, done, content = self.begun()
            world.holders["s1"].is_mute, content.is_changed = is_away, True
            world.found, world.changed = (), {"s1"}
            world.wires.pass_time(60)
            self.assertNoResult(done)
            self.assertTrue(self.part(world).exists())
            world.holders["s1"].is_mute, content.is_changed = False, False
            world.found = (world.holders["s1"].hit(content),)
            world.wires.pass_time(60)
            self.assertIsInstance(self.successResultOf(done).state, Saved)

    def test_another_holder(self) -> None:
        """As long as somebody has it, it goes on with that one."""
        world, done, content = self.begun()
        other = world.holder("s2", Content(content.content))
        content.is_changed = True
        world.found, world.changed = (other.hit(content),), {"s1"}
        world.wires.pass_time(5)
        self.assertIsInstance(self.successResultOf(done).state, Saved)

    def test_busy_holder(self) -> None:
        """Also while that one does not deliver yet."""
        world, done, content = self.begun()
        other = world.holder("s2", Content(content.content))
        other.is_mute = True
        self.remove(world, content)
        world.found, world.changed = (other.hit(content),), {"s1"}
        world.wires.pass_time(20)
        self.assertNoResult(done)
        other.is_mute = False
        world.wires.pass_time(60)
        self.assertIsInstance(self.successResultOf(done).state, Saved)

    def test_only_partial_ones(self) -> None:
        """Others that download it themselves, and get no further, are no reason to wait."""
        world, done, content = self.begun()
        mute = world.holder("s3", Content(content.content))
        mute.is_mute = True
        self.remove(world, content)
        world.found, world.changed = (mute.hit(content, partial=True),), {"s1"}
        world.wires.pass_time(20)
        self.assertIsInstance(self.successResultOf(done).state, Failed)

    def test_in_a_later_run(self) -> None:
        """Also where it was changed while this peer did not run."""
        world, _done, content = self.begun()
        self.stop(world)
        world.holders["s1"].contents.clear()
        world.found, world.changed = (), {"s1"}
        self.go_on(world)
        world.wires.pass_time(5)
        [progress] = world.downloads.all()
        assert isinstance(progress.state, Failed), progress
        self.assertIn("s1 has changed it meanwhile", progress.state.reason)
        self.assertEqual(world.left(), [])
        self.assertEqual(content.size, progress.size)

    def test_gone(self) -> None:
        """What is not there any more, but was not changed, is waited for, at little cost."""
        world, done, content = self.begun()
        content.is_changed = True
        world.found = ()
        world.wires.pass_time(600)
        self.assertIsInstance(self.successResultOf(done).state, Waiting)
        self.assertEqual(world.checks[:3], [False, True, True])
        self.assertLess(len(world.checks), 12)

    def test_removed(self) -> None:
        """What its holder says it does not share any more is not waited for; the part is kept."""
        world, done, content = self.begun()
        self.remove(world, content)
        world.wires.pass_time(12)
        state = self.successResultOf(done).state
        assert isinstance(state, Failed), state
        self.assertEqual(state.reason, "s1 does not share it any more, and nobody else does")
        self.assertEqual((state.is_kept, state.has_arrived), (True, True))
        self.assertTrue(self.part(world).exists())
        again = world.holder("s2", Content(content.content))
        done = world.get(again.hit(content))
        world.wires.pass_time(5)
        self.assertIsInstance(self.successResultOf(done).state, Saved)

    def test_moved(self) -> None:
        """What is found soon under another name goes on."""
        world, done, content = self.begun()
        self.remove(world, content)
        world.wires.pass_time(2)
        self.assertNoResult(done)
        other = Content(content.content)
        world.holders["s1"].contents[other.file_id] = other
        world.found = (world.holders["s1"].hit(other, "elsewhere"),)
        world.wires.pass_time(10)
        self.assertIsInstance(self.successResultOf(done).state, Saved)

    def test_removed_at_one(self) -> None:
        """As long as another that had it may come back with it, it is waited for."""
        world, done, content = self.begun()
        other = world.holder("s2", Content(content.content))
        other.is_mute = True
        self.remove(world, content)
        world.found = (other.hit(content),)
        world.wires.pass_time(3)
        self.assertEqual(len(other.wants), 1)
        world.found = ()
        world.wires.pass_time(60)
        self.assertNoResult(done)

    def remove(self, world: World, content: Content) -> None:
        """Remove it at its holder, which notices that in the middle of sending it."""
        content.is_changed = True
        world.found = ()
        del world.holders["s1"].contents[content.file_id]


class ChangedInFolderTests(SmallFilesCase):
    def test_large_member(self) -> None:
        """The others come; what was changed is named as what nobody shares any more."""
        world = self.world()
        contents = [Content(some_bytes(3 * MIB)), *small(5)]
        hit = self.share(world, "s1", contents)
        del world.holders["s1"].contents[contents[0].file_id]
        world.changed = {"s1"}
        done = world.get(hit)
        world.wires.pass_time(20)
        state = self.successResultOf(done).state
        assert isinstance(state, Incomplete), state
        self.assertEqual(state.missing, ("many/f0000",))
        self.assertEqual(state.lacks, (("s1", ("many/f0000",)),))
        self.assertEqual(folder_of(contents).file_id, hit.file)
        self.assertEqual([name for name in world.left() if "part" in name], [])

    def test_removed_meanwhile(self) -> None:
        """Files that a holder has removed before it comes back are named; the others are there."""
        world = self.world()
        contents = small(60, 300_000)
        hit = self.share(world, "s1", contents)
        holder = world.holders["s1"]

        def open_some(file_id: str) -> Content | None:
            if sum(content.reads for content in holder.contents.values()) > 20:
                holder.contents.clear()
                Deferred.fromCoroutine(holder.uploads.stop())
                holder.uploads = make_uploads(holder.dialer, holder.open_source)
            return holder.contents.get(file_id)

        holder.uploads = make_uploads(holder.dialer, open_some)
        done = world.get(hit)
        world.wires.pass_time(30)
        state = self.successResultOf(done).state
        assert isinstance(state, Incomplete), state
        self.assertGreater(len(state.missing), 8)
        saved = [name for name in world.left() if "many/f" in name]
        self.assertEqual(len(saved), 60 - len(state.missing))


class ChangedInPlaceTests(DownloadCase):
    """Files that are written to in the middle of a push, and seem to be as old as before."""

    def test_several(self) -> None:
        """Their holder says of each that it has changed, and is not taken for a liar."""
        world = self.world()
        holder = world.holder("s1")
        for seed in range(3):
            content, changed = Content(some_bytes(2 * MIB, seed)), Content(some_bytes(9, seed))
            holder.contents[content.file_id] = content
            content.content = bytes(content.size)
            world.found, world.changed = (), set()
            done = world.get(holder.hit(content))
            world.wires.pass_time(1)
            self.assertGreater(content.reads, 0)
            holder.contents, world.changed = {changed.file_id: changed}, {"s1"}
            world.wires.pass_time(20)
            state = self.successResultOf(done).state
            assert isinstance(state, Failed), state
            self.assertIn("s1 has changed it meanwhile", state.reason)
        last = Content(some_bytes(2 * MIB, 9))
        holder.contents[last.file_id] = last
        done = world.get(holder.hit(last))
        world.wires.pass_time(5)
        self.assert_saved(world, done, last)
