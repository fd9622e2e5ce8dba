"""What is paused, or may not go on yet, tells how much of it an earlier run has left."""

import os

from p2p_twisted.download.progress import Paused, Progress, Seeking
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.manifest import Member
from p2p_twisted.wire.manifest import encode as encode_manifest
from tests.download.cases import InterruptedCase
from tests.download.content import Content, some_bytes
from tests.download.world import World


class LeftOverTests(InterruptedCase):
    def next_run(self, world: World, has_joined: bool = True) -> Progress:
        """End a run, and see how its download stands in the next one."""
        self.stop(world)
        self.told: list[Progress] = []
        world.new_run(has_joined=has_joined).earlier.watch(self.told.append)
        world.downloads.start()
        world.wires.pass_time(1)
        [progress] = world.downloads.all()
        return progress

    def paused(self, world: World) -> Progress:
        """Pause the download that runs; return how it stands."""
        world.downloads.pause()
        world.wires.settle()
        [progress] = world.downloads.all()
        return progress

    def test_paused(self) -> None:
        """A paused file has what it had, in any later run, and whoever watches is told."""
        content = Content(some_bytes(6 * MIB) + bytes(3 * MIB) + some_bytes(3 * MIB, 1))
        world, _done = self.half_way(content)
        had = self.paused(world).received
        for _run in range(2):
            progress = self.next_run(world)
            self.assertEqual((progress.state, progress.received), (Paused(), had))
            self.assertEqual(self.told[-1].received, had)
        world.downloads.resume()
        world.wires.settle()
        self.assert_went_on(world, content)

    def test_not_joined(self) -> None:
        """So does what waits for the network, and how the run has ended does not matter."""
        world, _done = self.half_way(Content(some_bytes(12 * MIB)))
        [had] = world.downloads.all()
        progress = self.next_run(world, has_joined=False)
        self.assertEqual((progress.state, progress.received), (Seeking(), had.received))

    def test_removed(self) -> None:
        """What somebody has removed since, is not there."""
        world, _done = self.half_way(Content(some_bytes(12 * MIB)))
        self.paused(world)
        self.stop(world)
        self.part(world).unlink()
        self.assertEqual(self.next_run(world).received, 0)

    def test_in_its_place(self) -> None:
        """What is no file, in its place, is nothing of it, and keeps nobody waiting."""
        world, _done = self.half_way(Content(some_bytes(12 * MIB)))
        self.paused(world)
        self.stop(world)
        part = self.part(world)
        part.unlink()
        os.mkfifo(part)
        self.assertEqual(self.next_run(world).received, 0)

    def test_folder(self) -> None:
        """Of a folder, what is saved counts, and what large files have; a changed one does not."""
        world = self.world()
        files = [Content(some_bytes(100, seed)) for seed in range(3)]
        large = Content(some_bytes(12 * MIB))
        members = [Member(each.file_id, each.size, f"f{n}") for n, each in enumerate(files)]
        manifest = Content(encode_manifest([*members, Member(large.file_id, large.size, "large")]))
        holder = world.holder("s1", manifest, large, *files)
        size = large.size + 300
        hit = holder.hit(manifest, "folder", kind="folder", size=size)
        world.found = (hit,)
        world.downloads.get([hit], world.shown.append)
        while world.downloads.all()[0].received < 4 * MIB:
            world.wires.step()
        world.wires.pass_time(0)
        had = self.paused(world).received
        progress = self.next_run(world)
        self.assertEqual((progress.received, progress.size), (had, size))
        self.stop(world)
        (world.folder / "Downloads" / "folder" / "f1").write_bytes(b"changed")
        self.assertEqual(self.next_run(world).received, had - 100)
