"""Many small files at a time, from holders that deliver them, lose them, or go."""

import errno
from typing import Any

from twisted.internet.defer import Deferred

from p2p_twisted.download.limits import BATCHES_AT_ONCE
from p2p_twisted.download.progress import Blocked, Canceled, Incomplete, Saved, Waiting
from p2p_twisted.explain.judge import judge
from p2p_twisted.wire.limits import MIB
from tests.download.cases import SmallFilesCase, small
from tests.download.content import Content, some_bytes
from tests.download.world import Holder
from tests.storage.disks import FaultyDisk


class HonestTests(SmallFilesCase):
    """Holders that deliver."""

    def test_one_connection(self) -> None:
        """Hundreds of files come over one connection, besides that of their list."""
        world, contents = self.world(), small(400)
        progress = self.successResultOf(world.get(self.share(world, "s1", contents)))
        self.assert_whole(world, progress, contents)
        self.assertEqual(len(world.wires.dialed), 2)

    def test_sizes(self) -> None:
        """Empty ones, and those of just one chunk, come like all others."""
        sizes = (0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB, 5)
        world, contents = self.world(), [Content(some_bytes(size, size)) for size in sizes]
        progress = self.successResultOf(world.get(self.share(world, "s1", contents)))
        self.assert_whole(world, progress, contents)

    def test_many_holders(self) -> None:
        """Only some holders deliver at once, each some of it, and nobody the same."""
        world, contents = self.world(), small(400)
        hits = [self.share(world, f"s{number}", contents) for number in range(6)]
        done = world.downloads.get(hits, world.shown.append)
        world.wires.step(200)
        world.wires.settle()
        state = self.assert_whole(world, self.successResultOf(done), contents)
        self.assertEqual(len(state.holders), BATCHES_AT_ONCE)
        reads = [self.reads(holder) for holder in world.holders.values()]
        self.assertEqual(len(list(filter(None, reads))), BATCHES_AT_ONCE)
        self.assertLess(sum(reads), 480)
        self.assertGreater(min(filter(None, reads)), 60)

    def test_holder_dies(self) -> None:
        """What a lost holder did not deliver comes from the others, and nothing twice."""
        world, contents = self.world(), small(300)
        hits = [self.share(world, f"s{number}", contents) for number in range(2)]
        done = world.downloads.get(hits, world.shown.append)
        world.wires.step_until(lambda: self.reads(world.holders["s0"]))
        stopped = Deferred.fromCoroutine(world.holders["s0"].uploads.stop())
        self.assertNoResult(done)
        world.wires.settle()
        self.successResultOf(stopped)
        self.assert_whole(world, self.successResultOf(done), contents)
        self.assertGreater(self.reads(world.holders["s0"]), 0)
        self.assertLess(sum(map(self.reads, world.holders.values())), 300 + 100)

    def test_some_gone(self) -> None:
        """What nobody shares any more is named; the rest is there, and it can be tried again."""
        world, contents = self.world(), small(50)
        hit = self.share(world, "s1", contents)
        lost = [world.holders["s1"].contents.pop(contents[number].file_id) for number in (7, 30)]
        world.found = (hit,)
        state = self.successResultOf(world.get(hit)).state
        assert isinstance(state, Incomplete), state
        self.assertEqual(state.lacks, ((None, ("many/f0007", "many/f0030")),))
        self.assertTrue(world.downloads.is_unfinished("many"))
        for content in lost:
            world.holders["s1"].contents[content.file_id] = content
        self.assert_whole(world, self.successResultOf(world.get(hit)), contents)
        for content in contents:
            self.assertIn(world.holders["s1"].contents[content.file_id].reads, (0, 1))

    def test_some_changed(self) -> None:
        """Who has changed what is missing is asked and named, for the first few of very many."""
        for into in ("", "lessons"):
            world, contents = self.world(), small(50)
            hit = self.share(world, "s1", contents)
            for content in contents[7:30]:
                del world.holders["s1"].contents[content.file_id]
            world.found, world.changed = (hit,), {"s1"}
            state = self.successResultOf(world.get(hit, into=into)).state
            assert isinstance(state, Incomplete), state
            (by, changed), (nobody, gone) = state.lacks
            self.assertEqual((by, len(changed), nobody, len(gone)), ("s1", 8, None, 15))
            self.assertEqual(set(world.names_checked), {f"many/f{n:04}" for n in range(7, 15)})
            [facts] = world.downloads.facts()
            sentence = judge(facts).sentence
            self.assertIn(f"s1 has changed {changed[0]}, ", sentence)
            self.assertIn("get it again to have it as it is now", sentence)
            self.assertIn(f"nobody shares {gone[0]}, ", sentence)
            self.assertIn(" and 5 more any more: get it again once somebody does", sentence)

    def test_all_gone(self) -> None:
        """A holder that has nothing of what it lists ends the download soon."""
        world, contents = self.world(), small(500)
        hit = self.share(world, "s1", contents)
        for content in contents[1:]:
            del world.holders["s1"].contents[content.file_id]
        world.found = (hit,)
        state = self.successResultOf(world.get(hit)).state
        assert isinstance(state, Incomplete), state
        self.assertEqual(len(state.missing), 499)
        self.assertLess(len(world.wants), 12)

    def test_one_left(self) -> None:
        """A holder that has but one of them is found to have it."""
        world, contents = self.world(), small(40)
        hit = self.share(world, "s1", contents)
        for content in contents:
            del world.holders["s1"].contents[content.file_id]
        world.found = (world.holder("s2", contents[23]).hit(contents[23]),)
        state = self.successResultOf(world.get(hit)).state
        assert isinstance(state, Incomplete), state
        self.assertEqual(len(state.missing), 39)
        # To give something up, one must be certain that nobody else has it.
        self.assertFalse(any(world.finds))
        self.assertEqual(world.saved("many/f0023"), contents[23].content)

    def test_nobody_there(self) -> None:
        """Holders that are away are waited for."""
        world, contents = self.world(), small(3)
        hit = self.share(world, "s1", contents)
        done = world.downloads.get([hit], world.shown.append)
        # The list is there, and none of the files.
        world.wires.step_until(lambda: world.downloads.all()[0].files == len(contents))
        stopped = Deferred.fromCoroutine(world.holders.pop("s1").uploads.stop())
        world.wires.pass_time(150)
        self.successResultOf(stopped)
        self.assertIsInstance(self.successResultOf(done).state, Waiting)
        # At first everybody is asked for certain, then no more than it takes.
        sought = 1 + len(contents)
        self.assertEqual(world.finds[:sought], [False] * sought)
        self.assertTrue(all(world.finds[sought:]))
        world.found = (self.share(world, "s1", contents),)
        world.wires.pass_time(31)
        self.assert_whole(world, world.downloads.all()[0], contents)

    def test_known_by_record(self) -> None:
        """What an earlier run has published is not read again, unless it was changed since."""
        world, contents = self.world(), small(40)
        hit = self.share(world, "s1", contents)
        lost = world.holders["s1"].contents.pop(contents[39].file_id)
        self.successResultOf(world.get(hit))
        world.holders["s1"].contents[lost.file_id] = lost
        changed = world.folder / "Downloads" / "many" / "f0003"
        changed.write_bytes(b"mine")
        looked: list[str] = []
        find_same = world.inbox.find_same

        def find(target: str, *rest: Any) -> str | None:
            looked.append(target)
            return find_same(target, *rest)

        self.patch(world.inbox, "find_same", find)
        self.assertIsInstance(self.successResultOf(world.get(hit)).state, Saved)
        self.assertEqual(looked, ["many/f0003", "many/f0039"])
        self.assertEqual(world.saved("many/f0003"), b"mine")
        self.assertEqual(world.saved("many/f0003 (1)"), contents[3].content)

    def test_cancel(self) -> None:
        """Nothing but what has been published stays."""
        world, contents = self.world(), small(300)
        world.downloads.get([self.share(world, "s1", contents)], world.shown.append)
        world.wires.step_until(lambda: world.left()[0].startswith("Downloads/many/f0"))
        world.downloads.cancel(1)
        world.wires.settle()
        left = world.left()
        self.assertTrue(0 < len(left) < 300, len(left))
        self.assertTrue(all(name.startswith("Downloads/many/f0") for name in left), left)

    def test_cancel_while_asking(self) -> None:
        """A download that is canceled while everybody is asked ends as any other."""
        world, contents = self.world(), small(3)
        hit = self.share(world, "s1", contents)
        del world.holders["s1"].contents[contents[0].file_id]
        world.find = lambda *_question: Deferred()  # type: ignore[method-assign]
        done = world.get(hit)
        world.downloads.cancel(1)
        world.wires.settle()
        self.assertEqual(self.successResultOf(done).state, Canceled())
        self.assertEqual(world.left(), ["Downloads/many/f0001", "Downloads/many/f0002"])

    def test_full_disk(self) -> None:
        """It waits for space, then goes on with what is missing."""
        for call in ("pwrite", "fsync", "link"):
            disk = FaultyDisk(**{call: errno.ENOSPC})
            disk.calls_before = 20
            world, contents = self.world(disk), small(30)
            hit = self.share(world, "s1", contents)
            done = world.get(hit)
            self.assertIsInstance(self.successResultOf(done).state, Blocked)
            disk.errors.clear()
            world.wires.pass_time(5)
            self.assert_whole(world, world.downloads.all()[0], contents)

    def reads(self, holder: Holder) -> int:
        """Count the files that a holder has read, without their list."""
        return sum(each.reads for each in holder.contents.values() if each.size == 100)
