"""The folder of downloads is removed, or moved away, while something arrives."""

import os
import shutil
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import Failed, Progress, Saved
from p2p_twisted.wire.messages import Hit
from tests.download.cases import InterruptedCase, SmallFilesCase, small
from tests.download.content import Content, some_bytes
from tests.download.world import World

MIB = 1 << 20


class FileTests(InterruptedCase):
    def displaced(self, how: Any, content: Content) -> World:
        """Download a file whose folder meets with something in the middle."""
        world, done = self.half_way(content)
        how(world.folder / "Downloads")
        world.wires.settle()
        progress = self.successResultOf(done)
        assert isinstance(progress.state, Saved), progress
        self.assertEqual(progress.state.path, str(world.folder / "Downloads" / "f1.txt"))
        self.assertEqual(world.saved(), content.content)
        return world

    def test_removed(self) -> None:
        """It is made anew, and all is there."""
        for some in (some_bytes(6 * MIB), some_bytes(3 * MIB) + bytes(5 * MIB)):
            world = self.displaced(shutil.rmtree, Content(some))
            self.assertEqual(world.left(), ["Downloads/f1.txt"])

    def test_removed_and_made(self) -> None:
        """Also where another one stands there by then."""

        def remove(folder: Path) -> None:
            shutil.rmtree(folder)
            folder.mkdir()
            (folder / "mine").touch()

        world = self.displaced(remove, Content(some_bytes(6 * MIB)))
        self.assertEqual(world.left(), ["Downloads/f1.txt", "Downloads/mine"])

    def test_moved(self) -> None:
        """It is saved where it is said to be, and nothing stays where the folder went."""
        moved = lambda folder: folder.rename(folder.with_name("Moved"))  # noqa: E731
        world = self.displaced(moved, Content(some_bytes(6 * MIB)))
        self.assertEqual(world.left(), ["Downloads/f1.txt"])

    def test_part_removed(self) -> None:
        """The part file alone may be removed, too."""

        def remove(folder: Path) -> None:
            for part in folder.glob(".p2p-*"):
                part.unlink()

        self.displaced(remove, Content(some_bytes(6 * MIB)))

    def test_part_replaced(self) -> None:
        """What stands in its place is not taken for it."""

        def replace(folder: Path) -> None:
            for part in folder.glob(".p2p-*"):
                part.unlink()
                part.write_bytes(b"x" * 7 * MIB)

        self.displaced(replace, Content(some_bytes(6 * MIB)))

    def test_part_written_to(self) -> None:
        """What another program writes to it is found, and only that is fetched again."""
        for damage in (b"x", b""):
            content = Content(some_bytes(6 * MIB))
            world, done = self.half_way(content)
            [part] = (world.folder / "Downloads").glob(".p2p-*")
            with part.open("r+b") as file:
                if damage:
                    file.seek(MIB)
                file.write(damage) or file.truncate(MIB // 2)
                os.utime(file.fileno(), (1e9, 1e9))
            world.wires.settle()
            state = self.successResultOf(done).state
            assert isinstance(state, Failed), state
            self.assertIn("changed by another program", state.reason)
            content.reads = 0
            hit = Hit("s1", "f1.txt", content.size, file=content.file_id, route=("s1",))
            self.assert_saved(world, world.get(hit), content)
            self.assertLess(content.reads, 4)

    def test_part_touched(self) -> None:
        """Where nothing of it has changed but its time, it is saved."""
        content = Content(some_bytes(6 * MIB))

        def touch(folder: Path) -> None:
            for part in folder.glob(".p2p-*"):
                os.utime(part, (1e9, 1e9))

        self.displaced(touch, content)

    def test_no_room_to_copy(self) -> None:
        """Where it cannot be made anew, nothing is said to be kept that is not."""
        content = Content(some_bytes(6 * MIB))
        world, done = self.half_way(content)
        shutil.rmtree(world.folder / "Downloads")
        (world.folder / "Downloads").write_bytes(b"a file")
        world.wires.settle()
        state = self.successResultOf(done).state
        assert isinstance(state, Failed), state
        self.assertFalse(state.is_kept and state.has_arrived)


class FolderTests(SmallFilesCase):
    def removed_at_end(self, world: World, done: "Deferred[Progress]") -> None:
        """Remove the folder once the first files are in it."""
        folder = world.folder / "Downloads"
        while not list(folder.glob("many/f*")):
            world.wires.step()
        shutil.rmtree(folder)
        world.wires.settle()
        world.wires.pass_time(5)

    def test_removed(self) -> None:
        """What was there already comes once more, so that all is there."""
        world = self.world()
        contents = [*small(200), Content(some_bytes(3 * MIB))]
        done = world.downloads.get([self.share(world, "s1", contents)], world.shown.append)
        self.removed_at_end(world, done)
        self.assert_whole(world, self.successResultOf(done), contents)

    def half_saved(self, contents: list[Content]) -> tuple[World, "Deferred[Progress]", Path]:
        """Download a folder until one of its files is there; return that, too."""
        world = self.world()
        done = world.downloads.get([self.share(world, "s1", contents)], world.shown.append)
        while not (saved := list((world.folder / "Downloads").glob("many/f*"))):
            world.wires.step()
        return world, done, saved[0]

    def test_one_removed(self) -> None:
        """A single file that is removed after it was saved comes once more."""
        contents = small(200)
        world, done, saved = self.half_saved(contents)
        saved.unlink()
        world.wires.settle()
        self.assert_whole(world, self.successResultOf(done), contents)

    def test_one_replaced(self) -> None:
        """What somebody puts in the place of a file is not taken for it, and stays."""
        contents = small(200)
        world, done, saved = self.half_saved(contents)
        content = saved.read_bytes()
        saved.rename(world.folder / "elsewhere")
        saved.write_bytes(b"other")
        world.wires.settle()
        self.assertIsInstance(self.successResultOf(done).state, Saved)
        self.assertEqual(saved.read_bytes(), b"other")
        self.assertEqual(saved.with_name(f"{saved.name} (1)").read_bytes(), content)

    def test_among_many(self) -> None:
        """Each is found where far more others are: none comes once more."""
        world, done, saved = self.half_saved(small(20))
        for number in range(100):
            (saved.parent / f"other{number}").touch()
        world.wires.settle()
        self.assertIsInstance(self.successResultOf(done).state, Saved)
        self.assertEqual(len(list(saved.parent.iterdir())), 120)

    def test_replaced(self) -> None:
        """
        Where a file or a link has its place, nothing is said to be kept.

        When it is asked for again, it comes beside that.
        """
        for replace in (Path.touch, lambda path: path.symlink_to("elsewhere")):
            world = self.world()
            contents = small(200)
            share = self.share(world, "s1", contents)
            done = world.downloads.get([share], world.shown.append)
            folder = world.folder / "Downloads" / "many"
            while not list(folder.glob("f*")):
                world.wires.step()
            shutil.rmtree(folder)
            replace(folder)
            world.wires.settle()
            state = self.successResultOf(done).state
            assert isinstance(state, Failed), state
            self.assertFalse(state.is_kept and state.has_arrived)
            again = world.downloads.get([share], world.shown.append)
            world.wires.settle()
            world.wires.pass_time(5)
            state = self.successResultOf(again).state
            assert isinstance(state, Saved), state
            self.assertEqual(state.path, str(folder.with_name("many (1)")))
            self.assertEqual(len(list(Path(state.path).iterdir())), 200)


class NothingArrivedTests(InterruptedCase):
    def test_nothing_arrived(self) -> None:
        """Where nothing could be written at all, nothing is said to be kept."""
        world = self.world()
        (world.folder / "Downloads").write_bytes(b"a file")
        content = Content(some_bytes(3 * MIB))
        progress = self.successResultOf(world.get(world.holder("s1", content).hit(content)))
        assert isinstance(progress.state, Failed)
        self.assertTrue(progress.state.is_kept)
        self.assertFalse(progress.state.has_arrived)
        self.assertTrue(world.downloads.all()[0].is_ended)
        world.downloads.cancel(1)
        world.wires.settle()
        self.assertEqual(os.listdir(world.folder / "wants"), [])
