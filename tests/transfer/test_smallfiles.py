"""Many small files at a time, from honest holders and from others."""

import errno
from collections.abc import Iterable
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from p2p_twisted.transfer.progress import (
    Blocked,
    Canceled,
    Failed,
    Incomplete,
    Progress,
    Saved,
    Waiting,
)
from p2p_twisted.wire import limits
from p2p_twisted.wire.codec import decode, encode
from p2p_twisted.wire.limits import BATCHES_AT_ONCE, KIB, MIB
from p2p_twisted.wire.manifest import Member
from p2p_twisted.wire.manifest import encode as encode_manifest
from p2p_twisted.wire.messages import Gone, Hit, More, Push, Want, Whole

from .cases import DownloadCase
from .disks import FaultyDisk
from .wires import Stranger
from .world import Content, Holder, World, some_bytes


def small(count: int, size: int = 100) -> list[Content]:
    """Make files with contents of their own."""
    return [Content(some_bytes(size, seed)) for seed in range(count)]


def folder_of(contents: Iterable[Content]) -> Content:
    """Make the manifest of a folder with such files."""
    members = [Member(each.file, each.size, f"f{n:04}") for n, each in enumerate(contents)]
    return Content(encode_manifest(members))


class SmallFilesTests(DownloadCase):
    """What all tests here use."""

    def share(self, world: World, name: str, contents: list[Content]) -> Hit:
        """Let a holder share a folder of these files."""
        manifest = folder_of(contents)
        # Each holder reads from its own disk.
        own = [Content(content.content) for content in (manifest, *contents)]
        return world.holder(name, *own).hit(manifest, "many", kind="folder")

    def assert_whole(self, world: World, progress: Progress, contents: list[Content]) -> Saved:
        assert isinstance(progress.state, Saved), progress
        size = sum(content.size for content in contents)
        self.assertEqual((progress.received, progress.size), (size, size))
        for number, content in enumerate(contents):
            self.assertEqual(world.saved(f"many/f{number:04}"), content.content)
        self.assertEqual(len(world.left()), len(contents))
        return progress.state


class HonestTests(SmallFilesTests):
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
        world.wires.step(12)
        stopped = Deferred.fromCoroutine(world.holders["s0"].pushes.stop())
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
        lost = [world.holders["s1"].contents.pop(contents[number].file) for number in (7, 30)]
        world.found = (hit,)
        state = self.successResultOf(world.get(hit)).state
        assert isinstance(state, Incomplete), state
        self.assertEqual(state.missing, ("many/f0007", "many/f0030"))
        self.assertTrue(world.downloads.is_unfinished("many"))
        for content in lost:
            world.holders["s1"].contents[content.file] = content
        self.assert_whole(world, self.successResultOf(world.get(hit)), contents)
        for content in contents:
            self.assertIn(world.holders["s1"].contents[content.file].reads, (0, 1))

    def test_all_gone(self) -> None:
        """A holder that has nothing of what it lists ends the download soon."""
        world, contents = self.world(), small(500)
        hit = self.share(world, "s1", contents)
        for content in contents[1:]:
            del world.holders["s1"].contents[content.file]
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
            del world.holders["s1"].contents[content.file]
        world.found = (world.holder("s2", contents[23]).hit(contents[23]),)
        state = self.successResultOf(world.get(hit)).state
        assert isinstance(state, Incomplete), state
        self.assertEqual(len(state.missing), 39)
        self.assertEqual(world.saved("many/f0023"), contents[23].content)

    def test_nobody_there(self) -> None:
        """Holders that are away are waited for."""
        world, contents = self.world(), small(3)
        hit = self.share(world, "s1", contents)
        done = world.downloads.get([hit], world.shown.append)
        world.wires.step(4)
        holder = world.holders.pop("s1")
        stopped = Deferred.fromCoroutine(holder.pushes.stop())
        world.wires.pass_time(150)
        self.successResultOf(stopped)
        self.assertIsInstance(self.successResultOf(done).state, Waiting)
        world.holders["s1"] = holder
        world.found = (hit,)
        world.wires.pass_time(31)
        self.assert_whole(world, world.downloads.all()[0], contents)

    def test_known_by_record(self) -> None:
        """What an earlier run has published is not read again, unless it was changed since."""
        world, contents = self.world(), small(40)
        hit = self.share(world, "s1", contents)
        lost = world.holders["s1"].contents.pop(contents[39].file)
        self.successResultOf(world.get(hit))
        world.holders["s1"].contents[lost.file] = lost
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
        world.wires.step(12)
        world.downloads.cancel(1)
        world.wires.settle()
        left = world.left()
        self.assertTrue(0 < len(left) < 300, len(left))
        self.assertTrue(all(name.startswith("Downloads/many/f0") for name in left), left)

    def test_cancel_while_asking(self) -> None:
        """A download that is canceled while everybody is asked ends as any other."""
        world, contents = self.world(), small(3)
        hit = self.share(world, "s1", contents)
        del world.holders["s1"].contents[contents[0].file]
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


class HostileTests(SmallFilesTests):
    """Holders that deliver something else; an honest one is there, too."""

    def begun(self, count: int = 3) -> tuple[World, list[Content], "Deferred[Progress]", Stranger]:
        """Have the files asked of a stranger; the honest holder is asked when that is gone."""
        world, contents = self.world(), small(count)
        honest = self.share(world, "s1", contents)
        world.holder("evil").is_mute = True
        evil = Hit("evil", "many", 1, "folder", honest.file, route=("evil",))
        self.patch(limits, "BATCHES_AT_ONCE", 1)
        done = world.get(evil, honest)
        # The list comes from the other one when this one has been silent for long enough.
        world.wires.pass_time(5)
        want = world.wants[-1]
        self.assertEqual((want.route, want.more), (("evil",), True))
        stranger = world.stranger()
        stranger.say(self.push(want, contents))
        world.wires.settle()
        return world, contents, done, stranger

    def push(self, want: Want, contents: list[Content]) -> bytes:
        (content,) = [each for each in contents if each.file == want.file]
        return encode(Push(want.ticket, content.file, content.size)) + content.digests

    def asked(self, stranger: Stranger) -> list[str]:
        """Name what a stranger was asked for."""
        messages = [decode(line) for line in stranger.received.splitlines()[1:]]
        return [file for each in messages if isinstance(each, More) for file in each.files]

    def assert_recovers(
        self,
        world: World,
        contents: list[Content],
        done: "Deferred[Progress]",
        stranger: Stranger,
    ) -> Saved:
        self.assertTrue(stranger.is_lost)
        world.wires.pass_time(6)
        state = self.assert_whole(world, self.successResultOf(done), contents)
        self.assertIn("s1", state.holders)
        return state

    def test_asked_for(self) -> None:
        """All are asked for, and an honest stranger delivers them, however they are cut."""
        world, contents, done, stranger = self.begun()
        self.assertEqual(sorted(self.asked(stranger)), sorted(each.file for each in contents))
        answers = b"".join(encode(Whole(each.file, 100)) + each.content for each in contents)
        for start in range(0, len(answers), 37):
            stranger.say(answers[start : start + 37])
            world.wires.settle()
        self.assert_whole(world, self.successResultOf(done), contents)

    def test_wrong_content(self) -> None:
        """One wrong byte, and its sender is not asked any more."""
        world, contents, done, stranger = self.begun()
        stranger.say(Whole(contents[0].file, 100), b"x" * 100)
        world.wires.settle()
        self.assert_recovers(world, contents, done, stranger)
        evil = Hit("evil", "f", 1, "file", "f" * 64, route=("evil",))
        self.assertFalse(world.downloads._requests.may_ask(evil))

    def test_not_asked_for(self) -> None:
        """What was not asked for, or has been answered, ends the connection."""
        answered = encode(Gone(small(1)[0].file))
        for answer in (encode(Whole("f" * 64, 1)), encode(Gone("f" * 64)), answered * 2):
            world, contents, done, stranger = self.begun()
            stranger.say(answer)
            world.wires.settle()
            self.assertIn(b"ERROR", stranger.received)
            self.assert_recovers(world, contents, done, stranger)

    def test_other_messages(self) -> None:
        """Nothing else has a place there."""
        world, contents, done, stranger = self.begun()
        stranger.say(More(("f" * 64,)))
        world.wires.settle()
        self.assert_recovers(world, contents, done, stranger)

    def test_wrong_size(self) -> None:
        """A file of another size is read and dropped, and fetched from somebody else."""
        for size in (0, 99, 101, MIB):
            world, contents, done, stranger = self.begun()
            stranger.say(Whole(contents[0].file, size), b"x" * size)
            for content in contents[1:]:
                stranger.say(Whole(content.file, 100), content.content)
            world.wires.settle()
            world.wires.pass_time(1)
            self.assert_whole(world, self.successResultOf(done), contents)

    def test_truncated(self) -> None:
        """A connection that ends anywhere leaves nothing short."""
        for cut in (0, 1, 60, 130, 200, 220, 400):
            world, contents, done, stranger = self.begun()
            answers = [encode(Whole(each.file, 100)) + each.content for each in contents]
            stranger.say(b"".join(answers)[:cut])
            world.wires.settle()
            assert stranger.transport is not None
            stranger.transport.loseConnection()
            world.wires.settle()
            self.assert_recovers(world, contents, done, stranger)

    def test_stalls(self) -> None:
        """A holder that stops, or dribbles, is given up after half a minute."""
        for dribble in (b"", b"x"):
            world, contents, done, stranger = self.begun()
            stranger.say(Whole(contents[0].file, 100))
            for _ in range(62):
                stranger.say(dribble)
                world.wires.pass_time(0.5)
            self.assert_recovers(world, contents, done, stranger)

    def test_lists(self) -> None:
        """A list of files that cannot all be stored is refused; the next one is served."""
        world, contents = self.world(), small(3)
        deep, deeper = "/".join("a" * 31), "/".join("a" * 33)
        for first, second in (
            ("A", "a"),
            ("a", "a/b"),
            ("X/a", "x/a"),
            ("../a", "b"),
            (deeper, "b"),
        ):
            lines = [f"{contents[0].file} 100 {first}\n", f"{contents[1].file} 100 {second}\n"]
            manifest = Content("".join(sorted(lines, key=path_of)).encode())
            hit = world.holder("evil", manifest).hit(manifest, "many", kind="folder")
            self.assertIsInstance(self.successResultOf(world.get(hit)).state, Failed)
            self.assertEqual(world.left(), [])
        manifest = Content(encode_manifest([Member(contents[0].file, 100, deep)]))
        hit = world.holder("s1", manifest, contents[0]).hit(manifest, "deep", kind="folder")
        self.assertIsInstance(self.successResultOf(world.get(hit)).state, Saved)
        self.assertEqual(world.saved(f"deep/{deep}"), contents[0].content)

    @pytest.mark.slow
    def test_very_many(self) -> None:
        """Of a hundred thousand files those that are there arrive."""
        world, contents = self.world(), small(100)
        members = [Member(contents[n % 100].file, 100, f"d{n % 7}/f{n}") for n in range(500)]
        members += [Member(f"{n:064x}", 100, f"gone/{n}") for n in range(99_500)]
        manifest = Content(encode_manifest(members))
        hit = world.holder("s1", manifest, *contents).hit(manifest, "many", kind="folder")
        world.found = (hit,)
        done = world.downloads.get([hit], world.shown.append)
        while not done.called:
            world.wires.step(100)
        state = self.successResultOf(done).state
        assert isinstance(state, Incomplete), state
        self.assertEqual(len(state.missing), 99_500)
        left = [name for name in world.left() if name.startswith("Downloads/")]
        self.assertEqual(len(left), 500)

    def test_large_list(self) -> None:
        """Files that nobody has, very many of them, end the download in bounded time."""
        world = self.world()
        members = [Member(f"{n:064x}", 10 * KIB, f"f{n}") for n in range(5_000)]
        manifest = Content(encode_manifest(members))
        hit = world.holder("s1", manifest).hit(manifest, "many", kind="folder")
        world.found = (hit,)
        done = world.get(hit)
        state = self.successResultOf(done).state
        assert isinstance(state, Incomplete), state
        self.assertEqual(len(state.missing), 5_000)
        self.assertLess(len(world.wants), 20)


def path_of(line: str) -> str:
    """Give what a folder's lines are sorted by."""
    return line.split(" ", 2)[2]
