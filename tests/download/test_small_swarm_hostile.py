"""Small files from holders that deliver something else, or list what cannot be had."""

import pytest
from twisted.internet.defer import Deferred

from p2p_twisted.download import limits
from p2p_twisted.download.progress import Failed, Incomplete, Progress, Saved
from p2p_twisted.wire.codec import decode, encode
from p2p_twisted.wire.limits import KIB, MIB
from p2p_twisted.wire.manifest import Member
from p2p_twisted.wire.manifest import encode as encode_manifest
from p2p_twisted.wire.messages import Gone, Hit, More, Push, Want, Whole
from tests.download.cases import SmallFilesCase, names_of, small
from tests.download.content import Content
from tests.download.wires import Stranger
from tests.download.world import World


class SmallFilesOfStrangersCase(SmallFilesCase):
    """Has files asked of a stranger whom the test plays, and then of an honest holder."""

    def begun(self, count: int = 3) -> tuple[World, list[Content], "Deferred[Progress]", Stranger]:
        """Have the files asked of a stranger; the honest holder is asked when that is gone."""
        world, contents = self.world(), small(count)
        honest = self.share(world, "s1", contents)
        world.holder("evil").is_mute = True
        evil = Hit("evil", "many", 1, "folder", honest.file, route=("evil",))
        self.patch(limits, "BATCHES_AT_ONCE", 1)
        # Otherwise it would be asked last once it has kept silent about the list.
        self.patch(world.tickets, "is_doubtful", lambda _hit: False)
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
        (content,) = [each for each in contents if each.file_id == want.file]
        return encode(Push(want.ticket, content.file_id, content.size)) + content.digests

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
        self.assertIn("s1", names_of(state))
        return state


class HostileTests(SmallFilesOfStrangersCase):
    """Holders that deliver something else; an honest one is there, too."""

    def test_asked_for(self) -> None:
        """All are asked for, and an honest stranger delivers them, however they are cut."""
        world, contents, done, stranger = self.begun()
        self.assertEqual(sorted(self.asked(stranger)), sorted(each.file_id for each in contents))
        answers = b"".join(encode(Whole(each.file_id, 100)) + each.content for each in contents)
        for start in range(0, len(answers), 37):
            stranger.say(answers[start : start + 37])
            world.wires.settle()
        self.assert_whole(world, self.successResultOf(done), contents)

    def test_wrong_content(self) -> None:
        """One wrong byte, and its sender is not asked any more."""
        world, contents, done, stranger = self.begun()
        stranger.say(Whole(contents[0].file_id, 100), b"x" * 100)
        world.wires.settle()
        self.assert_recovers(world, contents, done, stranger)
        evil = Hit("evil", "f", 1, "file", "f" * 64, route=("evil",))
        self.assertFalse(world.tickets.may_ask(evil))

    def test_not_asked_for(self) -> None:
        """What was not asked for, or has been answered, ends the connection."""
        answered = encode(Gone(small(1)[0].file_id))
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
            stranger.say(Whole(contents[0].file_id, size), b"x" * size)
            for content in contents[1:]:
                stranger.say(Whole(content.file_id, 100), content.content)
            world.wires.settle()
            world.wires.pass_time(1)
            self.assert_whole(world, self.successResultOf(done), contents)

    def test_truncated(self) -> None:
        """A connection that ends anywhere leaves nothing short."""
        for cut in (0, 1, 60, 130, 200, 220, 400):
            world, contents, done, stranger = self.begun()
            answers = [encode(Whole(each.file_id, 100)) + each.content for each in contents]
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
            stranger.say(Whole(contents[0].file_id, 100))
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
            lines = [
                f"{contents[0].file_id} 100 {first}\n",
                f"{contents[1].file_id} 100 {second}\n",
            ]
            manifest = Content("".join(sorted(lines, key=path_of)).encode())
            hit = world.holder("evil", manifest).hit(manifest, "many", kind="folder")
            self.assertIsInstance(self.successResultOf(world.get(hit)).state, Failed)
            self.assertEqual(world.left(), [])
        manifest = Content(encode_manifest([Member(contents[0].file_id, 100, deep)]))
        hit = world.holder("s1", manifest, contents[0]).hit(manifest, "deep", kind="folder")
        self.assertIsInstance(self.successResultOf(world.get(hit)).state, Saved)
        self.assertEqual(world.saved(f"deep/{deep}"), contents[0].content)

    @pytest.mark.slow
    def test_very_many(self) -> None:
        """Of a hundred thousand files those that are there arrive."""
        world, contents = self.world(), small(100)
        members = [Member(contents[n % 100].file_id, 100, f"d{n % 7}/f{n}") for n in range(500)]
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
