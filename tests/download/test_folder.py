"""Whole folders: their files arrive under their paths, and nowhere else."""

import errno
import os

from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import Blocked, Failed, Incomplete, Saved
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.manifest import EMPTY_FOLDER, Member, encode
from p2p_twisted.wire.messages import Hit
from tests.download.cases import DownloadCase
from tests.download.content import Content, some_bytes
from tests.download.world import World
from tests.storage.disks import FaultyDisk


class FolderTests(DownloadCase):
    """Whole folders."""

    def folder(self, world: World, **files: bytes) -> tuple[Hit, Content]:
        """Let s1 share a folder ``photos``; ``__`` in a name stands for ``/``."""
        contents = {name.replace("__", "/"): Content(content) for name, content in files.items()}
        members = [Member(each.file_id, each.size, name) for name, each in contents.items()]
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
        members = [
            Member(content.file_id, 3, "a/b"),
            Member(EMPTY_FOLDER, 0, "a/c"),
            Member(EMPTY_FOLDER, 0, "d/e/f"),
        ]
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
        second = holder.contents.pop(Content(b"two").file_id)
        state = self.successResultOf(world.get(hit)).state
        assert isinstance(state, Incomplete), state
        self.assertEqual(state.missing, ("photos/b",))
        self.assertIn("Downloads/photos/a", world.left())
        holder.contents[second.file_id] = second
        first = holder.contents[Content(b"one").file_id]
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
        second = world.holders["s1"].contents.pop(Content(b"two").file_id)
        self.successResultOf(world.get(hit))
        inbox = world.inbox
        part = inbox.path(inbox.part_path("photos/a", Content(b"one").file_id))
        os.link(inbox.path("photos/a"), part)
        (record,) = world.folder.rglob("*.published")
        record.unlink()
        world.holders["s1"].contents[second.file_id] = second
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

    def test_full_disk_leaves_nothing(self) -> None:
        """What was begun on a full disk is gone once the rest is saved many at a time."""
        disk = FaultyDisk(pwrite=errno.ENOSPC)
        disk.calls_before = 1
        world = self.world(disk)
        self.patch(world.inbox, "_flush_all", lambda _folder: True)
        hit, _manifest = self.folder(world, a=b"one", b=b"two", c=b"")
        progress = self.successResultOf(world.get(hit))
        assert isinstance(progress.state, Blocked), progress
        self.assertTrue(any(path.endswith(".part") for path in world.left()), world.left())
        disk.errors.clear()
        self.successResultOf(world.get(hit))
        self.assertEqual(world.left(), [f"Downloads/photos/{name}" for name in "abc"])

    def test_symlinked_sub_folder(self) -> None:
        """Nothing is ever written through a symbolic link."""
        world = self.world()
        outside = world.folder / "outside"
        outside.mkdir()
        hit, _manifest = self.folder(world, a=b"one", sub__b=b"two")
        world.holders["s1"].contents.pop(Content(b"two").file_id)
        self.successResultOf(world.get(hit))
        os.symlink(outside, world.folder / "Downloads" / "photos" / "sub")
        world.holders["s1"].contents[Content(b"two").file_id] = Content(b"two")
        progress = self.successResultOf(world.get(hit))
        assert isinstance(progress.state, Failed), progress
        self.assertIn("photos/sub is a file or a link", progress.state.reason)
        self.assertEqual(os.listdir(outside), [])

    def test_file_in_its_way(self) -> None:
        """A file that has the name of a sub-folder is named; once it is gone, the rest arrives."""
        for folder in ("sub", "sub/deep"):
            world = self.world()
            hit, _manifest = self.folder(world, a=b"one", sub__deep__b=b"two")
            world.holders["s1"].contents.pop(Content(b"two").file_id)
            self.successResultOf(world.get(hit))
            mine = world.folder / "Downloads" / "photos" / folder
            mine.parent.mkdir(exist_ok=True)
            mine.write_bytes(b"mine")
            world.holders["s1"].contents[Content(b"two").file_id] = Content(b"two")
            progress = self.successResultOf(world.get(hit))
            assert isinstance(progress.state, Failed), progress
            why = (
                f"photos/{folder} is a file or a link, and in its way: move it away, and ask again"
            )
            self.assertEqual(progress.state.reason, why)
            self.assertEqual(mine.read_bytes(), b"mine")
            mine.unlink()
            self.successResultOf(world.get(hit))
            arrived = [f"Downloads/photos/{name}" for name in ("a", "sub/deep/b")]
            self.assertEqual(world.left(), arrived)

    def test_elsewhere(self) -> None:
        """What could not land in one place, or not all of it, lands in another one."""
        world = self.world()
        hit, _manifest = self.folder(world, a=b"one", sub__b=b"two")
        downloads = world.folder / "Downloads"
        downloads.mkdir()
        (downloads / "mine").write_bytes(b"mine")
        world.holders["s1"].contents.pop(Content(b"two").file_id)
        for into in ("mine/week", "some"):
            self.successResultOf(world.get(hit, into=into))
        (downloads / "some" / "photos" / "sub").write_bytes(b"mine")
        world.holders["s1"].contents[Content(b"two").file_id] = Content(b"two")
        progress = self.successResultOf(world.get(hit, into="some"))
        assert isinstance(progress.state, Failed), progress
        self.successResultOf(world.get(hit, into="free"))
        there = ("free/photos/a", "free/photos/sub/b", "mine", "some/photos/a", "some/photos/sub")
        self.assertEqual(world.left(), [f"Downloads/{name}" for name in there])

    def test_file_in_the_way_of_all(self) -> None:
        """So is one that has the name of the folder in which all is to land."""
        world = self.world()
        hit, _manifest = self.folder(world, a=b"one")
        downloads = world.folder / "Downloads"
        downloads.write_bytes(b"mine")
        progress = self.successResultOf(world.get(hit))
        assert isinstance(progress.state, Failed), progress
        self.assertIn(f"{downloads} is a file or a link", progress.state.reason)

    def test_bad_manifest(self) -> None:
        """A folder with dangerous paths is not begun."""
        world = self.world()
        for text in (b"%s 1 ../x\n" % (b"a" * 64), b"nonsense"):
            manifest = Content(text)
            hit = world.holder("s1", manifest).hit(manifest, "photos", kind="folder")
            progress = self.successResultOf(world.get(hit))
            self.assertEqual(type(progress.state).__name__, "Failed")
            self.assertEqual(world.left(), [])

    def test_bomb(self) -> None:
        """A folder of very many empty folders is refused before any is made."""
        world, content = self.world(), Content(b"one")
        lines = [f"- 0 d{n:04}\n" for n in range(2_000)] + [f"{content.file_id} 3 f\n"]
        manifest = Content("".join(lines).encode())
        hit = world.holder("s1", manifest, content).hit(manifest, "photos", kind="folder")
        state = self.successResultOf(world.get(hit)).state
        assert isinstance(state, Failed), state
        self.assertIn("empty folders", state.reason)
        self.assertEqual(list((world.folder / "Downloads").glob("*")), [])

    def test_cancel_paused(self) -> None:
        """Only what is whole stays of a folder that was paused, also in an earlier run."""
        for is_restarted in (False, True):
            world = self.world()
            hit, _manifest = self.folder(world, a=b"one", b=some_bytes(20 * MIB))
            world.downloads.get([hit], world.shown.append)
            while not [*(world.folder / "Downloads" / "photos").glob(".p2p-*.part")]:
                world.wires.step()
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
        world.holders["s1"].contents.pop(Content(b"two").file_id)
        world.get(hit)
        world.downloads.cancel(1)
        world.wires.settle()
        self.assertEqual(world.left(), ["Downloads/photos/a"])

    def test_cancel_before_anything_is_there(self) -> None:
        """Of a folder that nothing has landed in nothing is left, so it can be asked for again."""
        world = self.world()
        content = Content(some_bytes(20 * MIB))
        members = [
            Member(content.file_id, content.size, "sub/deep/a"),
            Member(EMPTY_FOLDER, 0, "sub/bare"),
            Member(EMPTY_FOLDER, 0, "sub/deeper/bare"),
        ]
        manifest = Content(encode(members))
        hit = world.holder("s1", manifest, content).hit(manifest, "photos", kind="folder")
        world.downloads.get([hit], world.shown.append)
        downloads = world.folder / "Downloads"
        while not [*downloads.rglob(".p2p-*.part")]:
            world.wires.step()
        # As an earlier try leaves it that has found no holder of some files.
        (downloads / "photos/sub/bare").mkdir()
        world.downloads.cancel(1)
        world.wires.settle()
        self.assertEqual([*downloads.iterdir()], [])

    def test_cancel_leaves_other_folders(self) -> None:
        """What somebody else has put there stays, and what is behind a symbolic link."""
        world = self.world()
        outside = world.folder / "outside"
        (outside / "deep").mkdir(parents=True)
        hit, _manifest = self.folder(world, a=b"one", sub__deep__b=b"two", with_mine__c=b"three")
        for content in (b"one", b"two", b"three"):
            world.holders["s1"].contents.pop(Content(content).file_id)
        self.successResultOf(world.get(hit))
        photos = world.folder / "Downloads" / "photos"
        os.symlink(outside, photos / "sub")
        (photos / "with_mine" / "mine").mkdir(parents=True)
        world.downloads.cancel(1)
        world.wires.settle()
        self.assertEqual([*outside.iterdir()], [outside / "deep"])
        self.assertEqual(
            {*photos.rglob("*")}, {photos / "sub", photos / "with_mine", photos / "with_mine/mine"}
        )
