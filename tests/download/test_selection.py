"""Several files as one download."""

import os
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import Canceled, Incomplete, Progress, Saved
from p2p_twisted.download.selection import selected, title
from p2p_twisted.storage.content import Content as Known
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.manifest import decode, encode
from p2p_twisted.wire.messages import Hit
from tests.download.cases import DownloadCase
from tests.download.content import Content, some_bytes
from tests.download.world import World

NAMES = st.sampled_from(
    ["a.txt", "A.TXT", "x/a.txt", "a (1).txt", "b", "a/b", "é" * 100, "É" * 100]
)


class ListTests(DownloadCase):
    """The list of what is wanted."""

    @settings(deadline=None)
    @given(st.lists(NAMES, min_size=1, max_size=30))
    def test_names(self, names: list[str]) -> None:
        """Whatever the files are called, they can be stored side by side, none is left out."""
        files = [[Hit("s1", name, 1, file=f"{n:064x}")] for n, name in zip(count(), names)]
        members = decode(encode(selected(files)))
        self.assertEqual({member.file_id for member in members}, {hits[0].file for hits in files})

    def test_title(self) -> None:
        """A selection is called by what was typed, or by what was found for it."""
        files = [[Hit("s1", f"photos/{number}.jpg", 1)] for number in range(7)]
        self.assertEqual(title(["*.jpg"], files), "*.jpg")
        self.assertEqual(title(["nope", "photos", "*.jpg"], files), "0.jpg and 6 more")
        self.assertEqual(title(["../x"], files), "7 files")


class SelectionTests(DownloadCase):
    """Downloads of several files."""

    def get(self, world: World, *files: list[Hit]) -> "Deferred[Progress]":
        done = Deferred.fromCoroutine(
            world.downloads.get_selected(["*.bin"], files, world.shown.append)
        )
        world.wires.settle()
        return done

    def test_one_of_them_by_itself(self) -> None:
        """What is asked for by itself, too, is fetched once; each waits for the other."""
        for is_canceled in (False, True):
            world = self.world()
            contents = [Content(some_bytes(3 * MIB, seed)) for seed in (1, 2)]
            holder = world.holder("s1", *contents)
            hits = [holder.hit(each, f"{n}.bin") for n, each in enumerate(contents)]
            several = world.downloads.get_selected(["*.bin"], [[hit] for hit in hits], print)
            done = Deferred.fromCoroutine(several)
            single = world.downloads.get([hits[0]], world.shown.append)
            if is_canceled:
                while not any(name.endswith(".part") for name in world.left()):
                    world.wires.step()
                world.downloads.cancel(2)
            world.wires.settle()
            self.assertIsInstance(self.successResultOf(done).state, Saved)
            ended = Canceled if is_canceled else Saved
            self.assertIsInstance(self.successResultOf(single).state, ended)
            self.assertEqual(contents[0].reads, 3)
            self.assertEqual(world.left(), ["Downloads/0.bin", "Downloads/1.bin"])

    def test_from_whoever_has_them(self) -> None:
        """Each holder is asked for what it has; small files share its connection."""
        world = self.world()
        contents = [Content(some_bytes(size, size)) for size in (*range(60), 2 * MIB)]
        first = world.holder("s1", *contents[:40])
        second = world.holder("s2", *[Content(each.content) for each in contents[20:]])
        files = []
        for number, content in enumerate(contents):
            holders = [each for each in (first, second) if content.file_id in each.contents]
            files.append([each.hit(content, f"f{number}.bin") for each in holders])
        progress = self.successResultOf(self.get(world, *files))
        assert isinstance(progress.state, Saved), progress
        self.assertEqual((progress.name, progress.files), ("*.bin", 61))
        self.assertEqual(progress.state.path, str(world.folder / "Downloads"))
        for number, content in enumerate(contents):
            self.assertEqual(world.saved(f"f{number}.bin"), content.content)
        self.assertEqual(len(world.left()), 61)
        self.assertEqual(len(world.wires.dialed), 3)
        self.assertEqual(set(first.refused + second.refused), set())

    def test_taken_name(self) -> None:
        """What stands there already stays, and what is the same is not fetched."""
        world, content, other = self.world(), Content(b"new"), Content(b"same")
        (world.folder / "Downloads").mkdir()
        (world.folder / "Downloads" / "a").write_bytes(b"mine")
        (world.folder / "Downloads" / "b").write_bytes(b"same")
        holder = world.holder("s1", content, other)
        self.successResultOf(self.get(world, [holder.hit(content, "a")], [holder.hit(other, "b")]))
        self.assertEqual(world.left(), ["Downloads/a", "Downloads/a (1)", "Downloads/b"])
        self.assertEqual((world.saved("a"), world.saved("a (1)")), (b"mine", b"new"))
        self.assertEqual(other.reads, 0)

    def test_some_gone(self) -> None:
        """What is not there any more is named; asked for again, only that is fetched."""
        world = self.world()
        contents = [Content(some_bytes(9, seed)) for seed in range(5)]
        holder = world.holder("s1", *contents)
        files = [[holder.hit(content, f"f{n}")] for n, content in enumerate(contents)]
        del holder.contents[contents[3].file_id]
        state = self.successResultOf(self.get(world, *files)).state
        assert isinstance(state, Incomplete), state
        self.assertEqual(state.missing, ("f3",))
        holder.contents[contents[3].file_id] = contents[3]
        self.assertIsInstance(self.successResultOf(self.get(world, *files)).state, Saved)
        self.assertEqual([content.reads for content in contents], [1] * 5)
        self.assertEqual(world.left(), [f"Downloads/f{n}" for n in range(5)])

    def test_next_run(self) -> None:
        """It goes on by itself, and what has arrived of it is not swept away."""
        world = self.world()
        contents = [Content(some_bytes(size, size)) for size in (9, 3 * MIB)]
        holder = world.holder("s1")
        holder.is_mute = True
        self.get(world, *[[holder.hit(each, f"f{each.size}")] for each in contents])
        self.successResultOf(Deferred.fromCoroutine(world.downloads.stop()))
        world.holder("s2", *contents)
        world.found = tuple(map(world.holders["s2"].hit, contents))
        known = Known(contents[1].file_id, contents[1].size, contents[1].digests)
        world.journal.record_digests(known)
        part = world.inbox.open_part(f"f{3 * MIB}", known)
        part.write(1, memoryview(contents[1].content[MIB : 2 * MIB]))
        part.close()
        for path in (world.folder / "Downloads").iterdir():
            os.utime(path, (1, 1))
        world.new_run().start()
        world.wires.settle()
        self.assertEqual(world.left(), [f"Downloads/f{3 * MIB}", "Downloads/f9"])
        self.assertEqual(contents[1].reads, 2)

    def test_cancel(self) -> None:
        """Nothing of it is left."""
        world, content = self.world(), Content(some_bytes(9))
        holder = world.holder("s1")
        holder.is_mute = True
        done = self.get(world, [holder.hit(content, "a")], [holder.hit(content, "b")])
        world.downloads.cancel(1)
        world.wires.settle()
        self.assertIsInstance(self.successResultOf(done).state, Canceled)
        self.assertEqual(world.left(), [])
