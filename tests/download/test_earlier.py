"""Downloads of earlier runs: they keep their numbers, and can be watched."""

from p2p_twisted.download.progress import Canceled, Checking, Paused, Progress, Saved, Seeking
from p2p_twisted.storage.journal import JournalEntry
from p2p_twisted.wire.limits import MIB
from tests.download.cases import InterruptedCase
from tests.download.content import Content, some_bytes
from tests.download.world import World


class EarlierTests(InterruptedCase):
    """A run that ended, and the next one."""

    def interrupted(self, count: int) -> tuple[World, list[Content]]:
        """Begin downloads that nobody delivers, and end the run."""
        world = self.world()
        contents = [Content(some_bytes(2 * MIB, seed)) for seed in range(count)]
        holder = world.holder("s1", *contents)
        holder.is_mute = True
        for number, content in enumerate(contents, 1):
            world.get(holder.hit(content, f"f{number}"))
        return world, contents

    def numbers(self, world: World) -> dict[str, int]:
        """Return which download has which number."""
        return {each.name: each.number for each in world.downloads.all()}

    def test_numbers(self) -> None:
        """They keep their numbers, whatever their ids are, and new ones get others."""
        world, _contents = self.interrupted(6)
        world.downloads.cancel(2)
        world.wires.settle()
        before = {"f1": 1, "f3": 3, "f4": 4, "f5": 5, "f6": 6}
        for _run in range(2):
            self.stop(world)
            self.go_on(world)
            self.assertEqual(self.numbers(world), before)
        content = Content(some_bytes(10, 99))
        world.get(world.holder("s2", content).hit(content, "new"))
        self.assertEqual(self.numbers(world)["new"], 7)

    def test_unknown_numbers(self) -> None:
        """Those of a version that kept no numbers get new ones, behind the others."""
        world, contents = self.interrupted(3)
        self.stop(world)
        for file_id in (contents[0].file_id, contents[1].file_id):
            world.journal.record(JournalEntry(file_id, "f", 2 * MIB, target="f"))
        self.go_on(world)
        self.assertEqual(sorted(each.number for each in world.downloads.all()), [3, 4, 5])
        self.assertEqual(self.numbers(world)["f3"], 3)

    def test_watched(self) -> None:
        """Whoever watches them, before they go on or after, is told all until the end."""
        content = Content(some_bytes(12 * MIB))
        world, _done = self.half_way(content)
        self.stop(world)
        early: list[Progress] = []
        late: list[Progress] = []
        world.holders["s1"].is_mute = True
        world.new_run().earlier.watch(early.append)
        world.downloads.start()
        world.wires.pass_time(1.0)
        world.downloads.earlier.watch(late.append)
        self.assertEqual(early[0].state, Checking())
        self.assertGreater(early[-1].received, 2 * MIB)
        world.holders["s1"].is_mute = False
        world.wires.pass_time(20.0)
        for told in (early, late):
            self.assertIsInstance(told[-1].state, Saved)
        after: list[Progress] = []
        world.downloads.earlier.watch(after.append)
        self.assertEqual(after, [])

    def test_before_joining(self) -> None:
        """They are listed before others can be asked, and go on then; nobody is told before."""
        content = Content(some_bytes(12 * MIB))
        world, _done = self.half_way(content)
        self.stop(world)
        told: list[Progress] = []
        world.new_run(has_joined=False).earlier.watch(told.append)
        wanted = len(world.wants)
        world.downloads.start()
        world.wires.pass_time(200.0)
        [listed] = world.downloads.all()
        self.assertEqual((listed.state, told, len(world.wants)), (Seeking(), [], wanted))
        world.downloads.join()
        self.assertEqual([each.state for each in told], [Checking()])
        world.wires.settle()
        self.assertIsInstance(told[-1].state, Saved)
        self.assert_went_on(world, content)

    def test_told_before_joining(self) -> None:
        """They may be canceled, paused and resumed before: what was said last holds."""
        world, contents = self.interrupted(4)
        world.downloads.pause(3)
        world.downloads.pause(4)
        world.wires.settle()
        self.stop(world)
        world.new_run(has_joined=False).start()
        world.wires.settle()
        world.downloads.cancel(1)
        world.downloads.pause(2)
        world.downloads.resume(3)
        for act in (world.downloads.resume, world.downloads.pause, world.downloads.resume):
            act(4)
        world.wires.settle()
        states = [type(each.state) for each in world.downloads.all()]
        self.assertEqual(states, [Canceled, Paused, Seeking, Seeking])
        self.assertIsNone(world.journal.get(contents[0].file_id))
        holder = world.holders["s1"]
        holder.is_mute = False
        world.found = tuple(holder.hit(each, "f") for each in contents)
        told: list[Progress] = []
        world.downloads.earlier.watch(told.append)
        world.downloads.join()
        world.wires.pass_time(20.0)
        states = [type(each.state) for each in world.downloads.all()]
        self.assertEqual(states, [Canceled, Paused, Saved, Saved])
        self.assertEqual({each.number for each in told}, {2, 3, 4})

    def test_ended_before_joining(self) -> None:
        """A run that ends before leaves all for the next one."""
        world, _contents = self.interrupted(2)
        self.stop(world)
        world.new_run(has_joined=False).start()
        world.wires.settle()
        self.stop(world)
        self.go_on(world)
        self.assertEqual(self.numbers(world), {"f1": 1, "f2": 2})

    def test_paused(self) -> None:
        """One that is paused is told as such."""
        world, _done = self.half_way(Content(some_bytes(12 * MIB)))
        world.downloads.pause()
        world.wires.settle()
        self.stop(world)
        told: list[Progress] = []
        world.new_run().earlier.watch(told.append)
        world.downloads.start()
        world.wires.settle()
        self.assertEqual([(each.number, each.state) for each in told], [(1, Paused())])
