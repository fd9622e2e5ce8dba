"""Downloads that go on where an earlier run has left them."""

import errno
import os
from pathlib import Path

from twisted.internet.defer import CancelledError, Deferred

from p2p_twisted.transfer.progress import Blocked, Canceled, Failed, Incomplete, Paused, Saved
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.manifest import BARE, Member, encode
from p2p_twisted.wire.messages import Hit

from .cases import DownloadCase
from .disks import FaultyDisk
from .world import Content, World, some_bytes


class Interrupted(DownloadCase):
    """What is done to downloads in the middle."""

    def broken_off(self, content: Content) -> World:
        """Download the first chunks, then stop."""
        world = self.world()
        holder = world.holder("s1", content)
        world.downloads.get([holder.hit(content)], world.shown.append)
        for _ in range(20):
            world.wires.advance(0)
            for pump in world.wires.pumps:
                pump.pump()
        self.stop(world)
        content.reads = 0
        world.found = (holder.hit(content),)
        return world

    def stop(self, world: World) -> None:
        self.successResultOf(Deferred.fromCoroutine(world.downloads.stop()))
        world.wires.settle()

    def part(self, world: World) -> Path:
        return next((world.folder / "Downloads").rglob(".p2p-*.part"))

    def go_on(self, world: World) -> None:
        world.new_run().start()
        world.wires.settle()

    def assert_went_on(self, world: World, content: Content) -> None:
        (progress,) = world.downloads.all()
        self.assertIsInstance(progress.state, Saved)
        self.assertEqual(progress.received, content.size)
        self.assertEqual(world.saved(), content.content)
        self.assertEqual(world.left(), ["Downloads/f1.txt"])


class ResumeTests(Interrupted):
    """A run that ended in the middle, and the next one."""

    def test_goes_on(self) -> None:
        """What was there is not fetched again."""
        content = Content(some_bytes(12 * MIB + 3))
        world = self.broken_off(content)
        held = self.part(world).stat().st_size // MIB
        self.assertGreater(held, 2)
        self.go_on(world)
        self.assert_went_on(world, content)
        self.assertEqual(content.reads, 13 - held)

    def test_asked_for_too_late(self) -> None:
        """What was still being looked for when the run ended does not begin any more."""
        world, content = self.world(), Content(some_bytes(10))
        hit = world.holder("s1", content).hit(content)
        self.stop(world)
        self.failureResultOf(world.get(hit), CancelledError)
        self.assertEqual(world.downloads.all(), ())
        self.assertEqual(world.wires.getDelayedCalls(), [])

    def test_damaged_part(self) -> None:
        """Damaged chunks are fetched again, and only those."""
        content = Content(some_bytes(12 * MIB + 3))
        world = self.broken_off(content)
        held = self.part(world).stat().st_size // MIB
        with self.part(world).open("r+b") as part:
            part.seek(MIB + 5)
            part.write(b"damage")
        self.go_on(world)
        self.assert_went_on(world, content)
        self.assertEqual(content.reads, 13 - held + 1)

    def test_longer_part(self) -> None:
        """Bytes behind the end of the file are cut off."""
        content = Content(some_bytes(12 * MIB + 3))
        world = self.broken_off(content)
        with self.part(world).open("ab") as part:
            part.truncate(15 * MIB)
        self.go_on(world)
        self.assert_went_on(world, content)

    def test_lost_digests(self) -> None:
        """Without its digests a part is worth nothing, and does no harm."""
        content = Content(some_bytes(12 * MIB))
        for damage in (b"", b"wrong"):
            world = self.broken_off(content)
            (world.folder / "wants" / f"{content.file}.digests").write_bytes(damage)
            self.go_on(world)
            self.assert_went_on(world, content)

    def test_foreign_parts(self) -> None:
        """What somebody put in the part file's place is replaced, never written to."""
        content = Content(some_bytes(12 * MIB))
        for kind in ("symlink", "hardlink", "fifo"):
            world = self.broken_off(content)
            victim = world.folder / "victim"
            victim.write_bytes(b"precious")
            part = self.part(world)
            part.unlink()
            if kind == "symlink":
                part.symlink_to(victim)
            elif kind == "hardlink":
                os.link(victim, part)
            else:
                os.mkfifo(part)
            self.go_on(world)
            self.assertEqual(victim.read_bytes(), b"precious")
            victim.unlink()
            self.assert_went_on(world, content)

    def test_crash_between_link_and_unlink(self) -> None:
        """A file that got its name just before the crash is not saved twice."""
        content = Content(some_bytes(12 * MIB))
        world = self.broken_off(content)
        self.part(world).write_bytes(content.content)
        os.link(self.part(world), world.folder / "Downloads" / "f1.txt")
        self.go_on(world)
        self.assert_went_on(world, content)

    def test_damaged_want(self) -> None:
        """A want that cannot be read is set aside; the others go on."""
        content = Content(some_bytes(12 * MIB))
        world = self.broken_off(content)
        wants = world.folder / "wants"
        (wants / ("a" * 64 + ".json")).write_bytes(b"{")
        (wants / ("b" * 64 + ".json")).write_bytes((wants / f"{content.file}.json").read_bytes())
        (wants / ("c" * 64 + ".json")).write_bytes(
            b'{"file": "%s", "name": "../x", "size": 1}' % (b"c" * 64)
        )
        self.go_on(world)
        self.assertEqual(world.saved(), content.content)
        self.assertEqual(
            [name for name in world.left() if "wants" in name],
            [f"wants/{letter * 64}.json.damaged" for letter in "abc"],
        )

    def test_sweep(self) -> None:
        """Part files that nobody wants go after a day; everything else stays."""
        content = Content(some_bytes(12 * MIB))
        world = self.broken_off(content)
        downloads, part = world.folder / "Downloads", self.part(world)
        (downloads / "below").mkdir()
        old, young = (
            downloads / "below" / f".p2p-{'a' * 16}.part",
            downloads / f".p2p-{'b' * 16}.part",
        )
        other = downloads / ".p2p-mine.part"
        for path in (old, young, other):
            path.touch()
        for path in (old, other, part):
            os.utime(path, (1, 1))
        world.found = ()
        self.go_on(world)
        self.assertFalse(old.exists())
        self.assertTrue(young.exists())
        self.assertTrue(other.exists())
        young.unlink()
        self.assertGreater(part.stat().st_size, 2 * MIB)


class PauseTests(Interrupted):
    """Downloads that rest."""

    def paused(self, content: Content) -> World:
        """Download the first chunks, then pause."""
        world = self.world()
        holder = world.holder("s1", content)
        world.found = (holder.hit(content),)
        self.done = world.downloads.get(world.found, world.shown.append)
        for _ in range(20):
            world.wires.advance(0)
            for pump in world.wires.pumps:
                pump.pump()
        self.assertEqual([each.number for each in world.downloads.pause(1)], [1])
        world.wires.settle()
        content.reads = 0
        return world

    def test_pause(self) -> None:
        """It keeps what it has, and nothing goes on: no connection, no question, no slot."""
        world = self.paused(Content(some_bytes(12 * MIB)))
        self.assertEqual(self.successResultOf(self.done).state, Paused())
        self.assertGreater(self.part(world).stat().st_size, 2 * MIB)
        self.assertEqual([pump.flush() for pump in world.wires.pumps], [False])
        world.wires.pass_time(600)
        self.assertEqual(len(world.wants), 1)
        self.assertEqual(world.finds, 0)
        self.assertEqual(world.wires.getDelayedCalls(), [])
        self.assertEqual(world.downloads.pause(), ())
        for seed in range(8):
            other = Content(some_bytes(10, seed))
            world.get(world.holder(f"h{seed}", other).hit(other, f"g{seed}"))
            self.assertEqual(world.saved(f"g{seed}"), other.content)

    def test_resume(self) -> None:
        """It goes on where it was, and is done once."""
        content = Content(some_bytes(12 * MIB))
        world = self.paused(content)
        self.assertEqual([each.number for each in world.downloads.resume()], [1])
        self.assertEqual(world.downloads.resume(2), ())
        world.wires.settle()
        self.assert_went_on(world, content)
        self.assertLess(content.reads, 11)
        self.assertEqual(world.downloads.resume(), ())
        self.assertEqual(world.downloads.pause(), ())

    def test_resumed_too_late(self) -> None:
        """Once the run has ended nothing goes on any more."""
        world = self.paused(Content(some_bytes(12 * MIB)))
        self.stop(world)
        self.assertEqual(world.downloads.resume(), ())

    def test_changed_mind(self) -> None:
        """Whatever comes last holds, however quickly it comes."""
        content = Content(some_bytes(12 * MIB))
        world = self.paused(content)
        for _ in range(3):
            world.downloads.resume()
            world.downloads.pause()
        world.downloads.resume()
        world.wires.settle()
        self.assert_went_on(world, content)

    def test_restart(self) -> None:
        """It rests in the next run, too, until it is resumed or asked for."""
        content = Content(some_bytes(12 * MIB))
        for how in ("resume", "get"):
            world = self.paused(content)
            self.stop(world)
            for _ in range(2):
                self.go_on(world)
                world.wires.pass_time(60)
                (progress,) = world.downloads.all()
                self.assertEqual(progress.state, Paused())
            self.assertEqual(content.reads, 0)
            if how == "resume":
                world.downloads.resume(1)
            else:
                world.get(*world.found)
            world.wires.settle()
            self.assert_went_on(world, content)

    def test_cancel(self) -> None:
        """Nothing stays of what was paused and then given up, also in the next run."""
        content = Content(some_bytes(12 * MIB))
        for is_restarted in (False, True):
            world = self.paused(content)
            if is_restarted:
                self.stop(world)
                self.go_on(world)
            world.downloads.cancel(1)
            world.wires.settle()
            self.assertEqual(world.left(), [])

    def test_nobody_there(self) -> None:
        """A download without a holder can be paused, too."""
        world, content = self.world(), Content(some_bytes(10))
        done = world.get(world.holder("s1").hit(content))
        world.downloads.pause()
        world.wires.settle()
        self.assertEqual(self.successResultOf(done).state, Paused())
        self.assertEqual(world.wires.getDelayedCalls(), [])


class CancelTests(DownloadCase):
    """Downloads that are given up."""

    def test_anywhere(self) -> None:
        """Wherever it was, nothing is left of it: no file, no connection, no timer."""
        content = Content(some_bytes(MIB + 3))
        ends = set()
        for steps in range(0, 60, 2):
            world = self.world()
            content.is_closed = False
            holder = world.holder("s1", content)
            world.downloads.get([holder.hit(content)], world.shown.append)
            for _ in range(steps):
                world.wires.advance(0)
                for pump in world.wires.pumps:
                    pump.pump()
            if not world.downloads.all()[0].is_ended:
                world.downloads.cancel(1)
            world.wires.settle()
            [progress] = world.downloads.all()
            ends.add(type(progress.state))
            is_saved = isinstance(progress.state, Saved)
            self.assertEqual(world.left(), ["Downloads/f1.txt"] if is_saved else [])
            self.assertEqual(world.wires.getDelayedCalls(), [])
            self.assertTrue(content.is_closed or not world.wires.pumps)
        self.assertEqual(ends, {Canceled, Saved})


class FolderTests(DownloadCase):
    """Whole folders."""

    def folder(self, world: World, **files: bytes) -> tuple[Hit, Content]:
        """Let s1 share a folder ``photos``; ``__`` in a name stands for ``/``."""
        contents = {name.replace("__", "/"): Content(content) for name, content in files.items()}
        members = [Member(each.file, each.size, name) for name, each in contents.items()]
        manifest = Content(encode(members))
        holder = world.holder("s1", manifest, *contents.values())
        hit = holder.hit(manifest, "my/photos", kind="folder", size=sum(map(len, files.values())))
        return hit, manifest

    def test_folder(self) -> None:
        """All files arrive, under their paths; same content twice is no trouble."""
        world = self.world()
        big = some_bytes(2 * MIB + 1)
        hit, _manifest = self.folder(world, a=b"one", b=big, sub__deep__c=b"one", sub__d=b"")
        progress = self.successResultOf(world.get(hit))
        assert isinstance(progress.state, Saved), progress
        self.assertTrue(progress.state.path.endswith("Downloads/photos"))
        self.assertEqual((progress.files, progress.received), (4, len(big) + 6))
        paths = ["a", "b", "sub/d", "sub/deep/c"]
        self.assertEqual(world.left(), [f"Downloads/photos/{path}" for path in paths])
        self.assertEqual(world.saved("photos/b"), big)
        self.assertEqual(world.saved("photos/sub/deep/c"), b"one")

    def test_bare_folders(self) -> None:
        """Folders that nothing is in arrive, too."""
        world, content = self.world(), Content(b"one")
        members = [Member(content.file, 3, "a/b"), Member(BARE, 0, "a/c"), Member(BARE, 0, "d/e/f")]
        manifest = Content(encode(members))
        holder = world.holder("s1", manifest, content)
        hit = holder.hit(manifest, "photos", kind="folder")
        progress = self.successResultOf(world.get(hit))
        assert isinstance(progress.state, Saved), progress
        self.assertEqual((progress.files, progress.size), (1, 3))
        photos = world.folder / "Downloads" / progress.state.path
        for folder in ("a/c", "d/e/f"):
            self.assertTrue((photos / folder).is_dir())
        self.assertEqual((photos / "a/b").read_bytes(), b"one")

    def test_collision(self) -> None:
        """A folder of that name stays as it is."""
        world = self.world()
        (world.folder / "Downloads" / "photos").mkdir(parents=True)
        hit, _manifest = self.folder(world, a=b"one")
        self.successResultOf(world.get(hit))
        self.assertEqual(world.left(), ["Downloads/photos (1)/a"])

    def test_goes_on(self) -> None:
        """After a restart it goes on in the same folder; what is there is not fetched again."""
        world = self.world()
        hit, manifest = self.folder(world, a=b"one", b=b"two", c=b"three")
        holder = world.holders["s1"]
        second = holder.contents.pop(Content(b"two").file)
        state = self.successResultOf(world.get(hit)).state
        assert isinstance(state, Incomplete), state
        self.assertEqual(state.missing, ("photos/b",))
        self.assertIn("Downloads/photos/a", world.left())
        holder.contents[second.file] = second
        first = holder.contents[Content(b"one").file]
        assert isinstance(first, Content)
        first.reads = 0
        world.found = (hit, holder.hit(second), holder.hit(Content(b"three")))
        world.new_run().start()
        world.wires.settle()
        self.assertEqual(world.left(), [f"Downloads/photos/{name}" for name in "abc"])
        self.assertEqual(first.reads, 0)
        self.assertTrue(manifest.is_closed)

    def test_killed_while_publishing(self) -> None:
        """What has both its names when the peer is killed keeps the final one only."""
        world = self.world()
        hit, _manifest = self.folder(world, a=b"one", b=b"two")
        second = world.holders["s1"].contents.pop(Content(b"two").file)
        self.successResultOf(world.get(hit))
        inbox = world.downloads.inbox
        part = inbox.path(inbox.part_path("photos/a", Content(b"one").file))
        os.link(inbox.path("photos/a"), part)
        (record,) = world.folder.rglob("*.published")
        record.unlink()
        world.holders["s1"].contents[second.file] = second
        world.found = (hit,)
        world.new_run().start()
        world.wires.settle()
        self.assertEqual(world.left(), ["Downloads/photos/a", "Downloads/photos/b"])

    def test_goes_on_after_a_full_disk(self) -> None:
        """Asked for again, it goes on in the same folder."""
        disk = FaultyDisk(pwrite=errno.ENOSPC)
        disk.calls_before = 1
        world = self.world(disk)
        hit, _manifest = self.folder(world, a=b"one", b=b"two")
        progress = self.successResultOf(world.get(hit))
        assert isinstance(progress.state, Blocked), progress
        disk.errors.clear()
        self.successResultOf(world.get(hit))
        self.assertEqual(world.left(), ["Downloads/photos/a", "Downloads/photos/b"])

    def test_symlinked_sub_folder(self) -> None:
        """Nothing is ever written through a symbolic link."""
        world = self.world()
        outside = world.folder / "outside"
        outside.mkdir()
        hit, _manifest = self.folder(world, a=b"one", sub__b=b"two")
        world.holders["s1"].contents.pop(Content(b"two").file)
        self.successResultOf(world.get(hit))
        os.symlink(outside, world.folder / "Downloads" / "photos" / "sub")
        world.holders["s1"].contents[Content(b"two").file] = Content(b"two")
        progress = self.successResultOf(world.get(hit))
        assert isinstance(progress.state, Failed), progress
        self.assertIn("not a folder", progress.state.reason)
        self.assertEqual(os.listdir(outside), [])

    def test_bad_manifest(self) -> None:
        """A folder with dangerous paths is not begun."""
        world = self.world()
        for text in (b"%s 1 ../x\n" % (b"a" * 64), b"nonsense"):
            manifest = Content(text)
            hit = world.holder("s1", manifest).hit(manifest, "photos", kind="folder")
            progress = self.successResultOf(world.get(hit))
            self.assertEqual(type(progress.state).__name__, "Failed")
            self.assertEqual(world.left(), [])

    def test_cancel_paused(self) -> None:
        """Only what is whole stays of a folder that was paused, also in an earlier run."""
        for is_restarted in (False, True):
            world = self.world()
            hit, _manifest = self.folder(world, a=b"one", b=some_bytes(20 * MIB))
            world.downloads.get([hit], world.shown.append)
            while not [*(world.folder / "Downloads" / "photos").glob(".p2p-*.part")]:
                world.wires.advance(0)
                for pump in world.wires.pumps:
                    pump.pump()
            world.downloads.pause()
            world.wires.settle()
            self.assertTrue(any(name.endswith(".part") for name in world.left()))
            if is_restarted:
                self.successResultOf(Deferred.fromCoroutine(world.downloads.stop()))
                world.new_run().start()
            world.downloads.cancel(1)
            world.wires.settle()
            self.assertLessEqual(set(world.left()), {"Downloads/photos/a"})

    def test_cancel(self) -> None:
        """A canceled folder keeps the files that have arrived, and nothing else."""
        world = self.world()
        hit, _manifest = self.folder(world, a=b"one", b=b"two")
        world.holders["s1"].contents.pop(Content(b"two").file)
        world.get(hit)
        world.downloads.cancel(1)
        world.wires.settle()
        self.assertEqual(world.left(), ["Downloads/photos/a"])
