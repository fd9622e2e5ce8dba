"""Names and paths that are as long as they may be, or become too long."""

from p2p_twisted.download.progress import Incomplete, Saved
from p2p_twisted.storage import free_names, part_file
from p2p_twisted.storage import inbox as inbox_module
from p2p_twisted.storage.journal import JournalEntry
from p2p_twisted.wire.limits import PATH_BYTES, PATH_COMPONENTS
from p2p_twisted.wire.manifest import Member, encode
from tests.download.cases import DownloadCase
from tests.download.content import Content


def path_of(length: int) -> str:
    """Make a path of that many bytes."""
    path = "/".join(["d" * 100] * 20)[:length]
    return path if path[-1] == "d" else path[:-2] + "ee"


class LongNameTests(DownloadCase):
    """Long names, of folders and of what is in them."""

    def test_path_grows(self) -> None:
        """Where `` (1)`` would make a path too long, the folder has a shorter name."""
        for name in ("photos", "p" * 255):
            world, content = self.world(), Content(b"one")
            (world.folder / "Downloads" / name).mkdir(parents=True)
            deep = path_of(PATH_BYTES - 1 - len(name))
            manifest = Content(encode([Member(content.file_id, 3, deep)]))
            self.assertEqual(len(f"{name}/{deep}"), PATH_BYTES)
            hit = world.holder("s1", manifest, content).hit(manifest, name, kind="folder")
            state = self.successResultOf(world.get(hit)).state
            assert isinstance(state, Saved), state
            short = name[:251] + " (1)"
            self.assertEqual(world.left(), [f"Downloads/{short}/{deep}"])

    def test_as_long_as_it_can_be(self) -> None:
        """What fits into a manifest fits into the inbox, and can be canceled and forgotten."""
        deep = "/".join(["d"] * (PATH_COMPONENTS - 1))
        for path in (
            deep + "/e",
            path_of(PATH_BYTES),
        ):
            for is_canceled in (False, True):
                world, content = self.world(), Content(b"one")
                (world.folder / "Downloads" / ("p" * 255)).mkdir(parents=True)
                manifest = Content(encode([Member(content.file_id, 3, path)]))
                holder = world.holder("s1", manifest, content)
                if is_canceled:
                    del holder.contents[content.file_id]
                hit = holder.hit(manifest, "p" * 255, kind="folder")
                state = self.successResultOf(world.get(hit)).state
                self.assertIsInstance(state, Incomplete if is_canceled else Saved)
                if is_canceled:
                    world.downloads.cancel(1)
                    world.wires.settle()
                    self.assertEqual(world.left(), [])
                    self.assertEqual(len([*(world.folder / "Downloads").iterdir()]), 1)

    def test_journal_of_an_earlier_version(self) -> None:
        """A folder that an earlier version could neither save nor forget is saved now."""
        for path in (path_of(PATH_BYTES - 7), "/".join(["d"] * PATH_COMPONENTS)):
            world, content = self.world(), Content(b"one")
            manifest = Content(encode([Member(content.file_id, 3, path)]))
            hit = world.holder("s1", manifest, content).hit(manifest, "photos", kind="folder")
            world.journal.record(
                JournalEntry(manifest.file_id, "photos", 3, "folder", target="photos (1)")
            )
            world.found = (hit,)
            world.new_run().start()
            world.wires.settle()
            self.assertEqual(world.left(), [f"Downloads/photos (1)/{path}"])

    def test_disk_with_short_names(self) -> None:
        """Where the file system takes no longer ones, names are cut, and keep their ends."""
        self.patch(free_names, "longest_name", lambda _folder: 20)
        for module in (inbox_module, part_file):
            self.patch(module, "longest_name", lambda _folder: 20)
        world, content = self.world(), Content(b"one")
        world.get(world.holder("s1", content).hit(content, "an enormously long name.txt"))
        self.assertEqual(world.left(), ["Downloads/an enormously lo.txt"])
        other = Content(b"two")
        world.get(world.holder("s2", other).hit(other, "an enormously long name.txt"))
        self.assertEqual(world.left()[0], "Downloads/an enormousl (1).txt")
