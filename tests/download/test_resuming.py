"""Downloads that go on where an earlier run has left them."""

import errno
import os
from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from p2p_twisted.wire.limits import MIB
from tests.download.cases import InterruptedCase
from tests.download.content import Content, some_bytes
from tests.download.jobs import Jobs
from tests.download.world import World


class ResumeTests(InterruptedCase):
    """A run that ended in the middle, and the next one."""

    def broken_off(self, content: Content) -> World:
        """Download the first chunks, then stop."""
        world, _done = self.half_way(content)
        self.stop(world)
        content.reads = 0
        return world

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
            (world.folder / "wants" / f"{content.file_id}.digests").write_bytes(damage)
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
        (wants / ("b" * 64 + ".json")).write_bytes((wants / f"{content.file_id}.json").read_bytes())
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

    def test_sweep_ends(self) -> None:
        """To look for part files in very many folders ends when the peer does."""
        world = self.world(offload=(jobs := Jobs()))
        old = world.folder / "Downloads" / f".p2p-{'a' * 16}.part"
        old.parent.mkdir()
        old.touch()
        os.utime(old, (1, 1))
        world.downloads.start()
        while jobs.next_one != "sweep":
            jobs.run_one()
        is_wanted = jobs.last_argument
        self.assertTrue(is_wanted())
        self.successResultOf(Deferred.fromCoroutine(world.downloads.stop()))
        self.assertFalse(is_wanted())
        jobs.run_one()
        self.assertTrue(old.exists())

    def test_sweep_fails(self) -> None:
        """An old part file that cannot be removed stays; others are, and downloads go on."""
        content = Content(some_bytes(12 * MIB))
        world = self.broken_off(content)
        stuck, other = (world.folder / "Downloads" / f".p2p-{each * 16}.part" for each in "ab")
        for path in (stuck, other):
            path.touch()
            os.utime(path, (1, 1))
        unlink = os.unlink

        def refuse(path: Any, *, dir_fd: int | None = None) -> None:
            if path == stuck.name:
                raise PermissionError(errno.EPERM, "it is immutable")
            unlink(path, dir_fd=dir_fd)

        self.patch(os, "unlink", refuse)
        self.go_on(world)
        self.assertEqual(world.saved(), content.content)
        self.assertEqual(world.left(), [f"Downloads/{stuck.name}", "Downloads/f1.txt"])
