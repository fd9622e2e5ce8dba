"""Files arrive with the times of their originals, and can be run where those could."""

import errno
import os
import stat
from typing import Any

import attrs
from msgspec.structs import replace
from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import Saved
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.wire.attributes import Attributes, encode_attributes
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.manifest import Member, encode, encode_attributes_of
from p2p_twisted.wire.messages import Hit
from tests.download.cases import DownloadCase, InterruptedCase
from tests.download.content import Content, some_bytes
from tests.download.world import World

LONG_AGO = 1_000_000_000_123_456_789


def found(world: World, name: str) -> tuple[int, bool]:
    """Return when a download was written, and whether it can be run."""
    status = (world.folder / "Downloads" / name).stat()
    return status.st_mtime_ns, bool(status.st_mode & stat.S_IXUSR)


class FileTests(InterruptedCase):
    """Single files."""

    def get(self, content: Content, **told: Any) -> World:
        world = self.world()
        done = world.get(world.holder("s1", content).hit(content, **told))
        self.assert_saved(world, done, content)
        return world

    def test_kept(self) -> None:
        """Time to the nanosecond, also before 1970 and after 2038, and what can be run."""
        for modified in (LONG_AGO, 0, -1_000_000_001, 4_000_000_000 * 10**9 + 1):
            world = self.get(Content(b"x"), modified=modified, executable=True)
            self.assertEqual(found(world, "f1.txt"), (modified, True))
        world = self.get(Content(some_bytes(3 * MIB)), modified=LONG_AGO)
        self.assertEqual(found(world, "f1.txt"), (LONG_AGO, False))

    def test_mode(self) -> None:
        """The umask decides who else may read and run it."""
        world = self.get(Content(b"x"), executable=True)
        mode = (world.folder / "Downloads" / "f1.txt").stat().st_mode
        umask = os.umask(0)
        os.umask(umask)
        self.assertEqual(stat.S_IMODE(mode), 0o777 & ~umask)

    def test_too_late_for_the_disk(self) -> None:
        """A time that no disk can keep is no reason to go without the file."""
        self.get(Content(b"x"), modified=3 * 10**20)
        self.get(Content(b"x"), modified=-3 * 10**20)

    def test_disk_without_modes_and_times(self) -> None:
        """A disk that keeps neither is good for the content."""

        def refuse(*_args: object, **_named: object) -> None:
            raise OSError(errno.EPERM, "not permitted")

        self.patch(os, "fchmod", refuse)
        self.patch(os, "utime", refuse)
        self.get(Content(b"x"), modified=LONG_AGO, executable=True)

    def test_not_told(self) -> None:
        """Of a holder that does not tell, the file has the time at which it came."""
        world = self.get(Content(b"x"))
        self.assertGreater(found(world, "f1.txt")[0], LONG_AGO)

    def test_another_holder_tells(self) -> None:
        """One that does tell counts for all."""
        world, content = self.world(), Content(b"x")
        silent, telling = world.holder("s1", content), world.holder("s2", content)
        world.get(silent.hit(content), telling.hit(content, modified=LONG_AGO))
        self.assertEqual(found(world, "f1.txt"), (LONG_AGO, False))

    def test_no_times(self) -> None:
        """Without times, files still can be run."""
        world = self.world()
        world.inbox = Inbox(world.inbox.folder, keeps_times=False)
        world.new_run()
        content = Content(b"x")
        world.get(world.holder("s1", content).hit(content, modified=LONG_AGO, executable=True))
        modified, is_executable = found(world, "f1.txt")
        self.assertGreater(modified, LONG_AGO)
        self.assertTrue(is_executable)

    def test_goes_on(self) -> None:
        """After a restart the time is still known."""
        content = Content(some_bytes(6 * MIB))
        world = self.world()
        holder = world.holder("s1", content)
        world.found = (holder.hit(content),)
        hit = holder.hit(content, modified=LONG_AGO, executable=True)
        world.downloads.get([hit], world.shown.append)
        while world.downloads.all()[0].received < 2 * MIB:
            world.wires.step()
        self.stop(world)
        self.go_on(world)
        self.assert_went_on(world, content)
        self.assertEqual(found(world, "f1.txt"), (LONG_AGO, True))

    def test_partial_holder(self) -> None:
        """Who is still downloading it tells others, too."""
        world, content = self.world(), Content(some_bytes(6 * MIB))
        hit = world.holder("s1", content).hit(content, modified=LONG_AGO, executable=True)
        world.downloads.get([hit], world.shown.append)
        while world.downloads.all()[0].received < 2 * MIB:
            world.wires.step()
        partial = world.partials.hit(content.file_id, "me")
        assert partial is not None
        self.assertEqual((partial.modified, partial.executable), (LONG_AGO, True))


class FolderTests(DownloadCase):
    """Folders."""

    def share(self, world: World, *files: Member, name: str = "s1") -> Hit:
        """Let a holder share a folder; contents are the members' paths, cut at a dash."""
        contents = [Content(file.path.partition("-")[0].encode()) for file in files]
        members = [
            replace(file, file_id=content.file_id, size=content.size)
            for file, content in zip(files, contents, strict=True)
        ]
        manifest, listed = Content(encode(members)), Content(encode_attributes_of(members))
        holder = world.holder(name, manifest, listed, *contents)
        return holder.hit(manifest, "d", kind="folder", attributes=listed.file_id)

    def files(self) -> list[Member]:
        return [
            Member("", 0, "a-1", Attributes(LONG_AGO)),
            Member("", 0, "a-2", Attributes(-5, True)),
            Member("", 0, "b", Attributes(7, True)),
            Member("", 0, "c"),
        ]

    def assert_kept(self, world: World, done: "Deferred[Any]") -> None:
        self.assertIsInstance(self.successResultOf(done).state, Saved)
        self.assertEqual(found(world, "d/a-1"), (LONG_AGO, False))
        self.assertEqual(found(world, "d/a-2"), (-5, True))
        self.assertEqual(found(world, "d/b"), (7, True))
        self.assertEqual(len(world.left()), 4)

    def assert_unknown(self, world: World, done: "Deferred[Any]") -> None:
        world.wires.pass_time(60)
        self.assertIsInstance(self.successResultOf(done).state, Saved)
        for name in ("a-1", "a-2", "b"):
            self.assertGreater(found(world, f"d/{name}")[0], LONG_AGO)
        self.assertEqual(len(world.left()), 4)

    def test_kept(self) -> None:
        """Files of one content may have different times."""
        world = self.world()
        self.assert_kept(world, world.get(self.share(world, *self.files())))

    def test_large(self) -> None:
        """Files that are fetched by themselves have their times, too."""
        world, content = self.world(), Content(some_bytes(2 * MIB))
        members = [Member(content.file_id, content.size, "big", Attributes(LONG_AGO, True))]
        manifest, listed = Content(encode(members)), Content(encode_attributes_of(members))
        holder = world.holder("s1", manifest, listed, content)
        world.get(holder.hit(manifest, "d", kind="folder", attributes=listed.file_id))
        self.assertEqual(found(world, "d/big"), (LONG_AGO, True))

    def test_old_holder(self) -> None:
        """A holder that has no list is as good for the files."""
        world = self.world()
        hit = attrs.evolve(self.share(world, *self.files()), attributes=None)
        self.assert_unknown(world, world.get(hit))

    def test_list_has_changed(self) -> None:
        """A holder that has touched its files since has another list, which counts."""
        world = self.world()
        hit = self.share(world, *self.files())
        world.found = (hit,)
        done = world.get(attrs.evolve(hit, attributes="0" * 64))
        world.wires.pass_time(2)
        self.assert_kept(world, done)

    def test_list_never_comes(self) -> None:
        """The files come without it, in bounded time."""
        world = self.world()
        hit = attrs.evolve(self.share(world, *self.files()), attributes="0" * 64)
        world.found = (hit,)
        self.assert_unknown(world, world.get(hit))

    def test_list_comes_slowly(self) -> None:
        """Holders that promise a list and do not send it hold the files up for a minute."""
        world = self.world()
        hit = self.share(world, *self.files())
        world.wires.pass_time(1)
        liars = []
        for name in ("liar", "liar2", "liar3"):
            world.holder(name).is_mute = True
            liars.append(attrs.evolve(hit, peer=name, route=(name,), attributes="0" * 64))
        honest = attrs.evolve(hit, attributes=None)
        world.found = (*liars, honest)
        done = world.get(honest, *liars)
        for _second in range(61):
            world.wires.pass_time(1)
        self.assertIsInstance(world.downloads.all()[0].state, Saved)
        self.assert_unknown(world, done)

    def test_list_of_another_folder(self) -> None:
        """A list that does not fit is ignored."""
        world = self.world()
        hit = self.share(world, *self.files())
        for text in (encode_attributes([Attributes(1)] * 3), b"nan\n" * 4, b"1e300 x\n" * 4):
            wrong = Content(text)
            world.holders["s1"].contents[wrong.file_id] = wrong
            done = world.get(attrs.evolve(hit, attributes=wrong.file_id))
            self.assert_unknown(world, done)
            for name in ("a-1", "a-2", "b", "c"):
                (world.folder / "Downloads" / "d" / name).unlink()
            (world.folder / "Downloads" / "d").rmdir()

    def test_goes_on(self) -> None:
        """After a restart, what comes later has its time, too."""
        world = self.world()
        hit = self.share(world, *self.files())
        holder = world.holders["s1"]
        held = dict(holder.contents)
        holder.contents = {id_: each for id_, each in held.items() if each.size > 1}
        world.get(hit)
        holder.contents = held
        world.found = (attrs.evolve(hit, attributes=None),)
        world.new_run().start()
        world.wires.settle()
        self.assertEqual(found(world, "d/a-2"), (-5, True))

    def test_selection(self) -> None:
        """Several files that are asked for at once have their own."""
        world, contents = self.world(), [Content(b"x"), Content(b"y")]
        holder = world.holder("s1", *contents)
        hits = [
            [holder.hit(contents[0], "x", modified=LONG_AGO)],
            [holder.hit(contents[1], "y", modified=-5, executable=True)],
        ]
        Deferred.fromCoroutine(world.downloads.get_selected(["?"], hits, world.shown.append))
        world.wires.settle()
        self.assertEqual(found(world, "x"), (LONG_AGO, False))
        self.assertEqual(found(world, "y"), (-5, True))
        self.assertEqual(world.left(), ["Downloads/x", "Downloads/y"])
