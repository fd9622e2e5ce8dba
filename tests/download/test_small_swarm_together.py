"""Small files that come several at a time, from holders that say whatever they like."""

from p2p_twisted.picker import limits
from p2p_twisted.wire.codec import decode, encode
from p2p_twisted.wire.errors import Malformed
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.messages import Gone, Hit, More, Wholes
from tests.download.cases import small
from tests.download.content import Content
from tests.download.test_small_swarm_hostile import SmallFilesOfStrangersCase


def together(*contents: Content, sizes: tuple[int, ...] = ()) -> bytes:
    """Write what announces files, and their bytes."""
    files = tuple(content.file_id for content in contents)
    line = encode(Wholes(files, sizes or tuple(content.size for content in contents)))
    return line + b"".join(content.content for content in contents)


class TogetherTests(SmallFilesOfStrangersCase):
    """A stranger that is asked for files, and an honest holder that is asked next."""

    def test_cut_anyhow(self) -> None:
        """They are taken however they are cut, between others and those that are gone."""
        for step in (1, 37, 1_000):
            world, contents, done, stranger = self.begun(6)
            answers = together(*contents[:2]) + encode(Gone(contents[2].file_id))
            answers += together(*contents[3:])
            for start in range(0, len(answers), step):
                stranger.say(answers[start : start + step])
            world.wires.settle()
            world.wires.pass_time(1)
            self.assert_whole(world, self.successResultOf(done), contents)

    def test_is_said(self) -> None:
        """A holder is told that several may come at a time."""
        _world, _contents, _done, stranger = self.begun()
        asked = [decode(line) for line in stranger.received.splitlines()[1:]]
        self.assertTrue(asked)
        self.assertTrue(all(isinstance(each, More) and each.together for each in asked))

    def test_wrong_content(self) -> None:
        """One wrong byte in any of them, and their sender is not asked any more."""
        world, contents, done, stranger = self.begun()
        wrong = together(*contents)
        stranger.say(wrong[:-1] + bytes([wrong[-1] ^ 1]))
        world.wires.settle()
        self.assert_recovers(world, contents, done, stranger)
        evil = Hit("evil", "f", 1, "file", "f" * 64, route=("evil",))
        self.assertFalse(world.tickets.may_ask(evil))

    def test_not_asked_for(self) -> None:
        """If one of them was not asked for, or has been answered, the connection ends."""
        for others in ([Content(b"not asked for")], small(1)):
            world, contents, done, stranger = self.begun()
            stranger.say(encode(Gone(contents[0].file_id)), together(*contents[1:], *others))
            world.wires.settle()
            self.assertIn(b"ERROR", stranger.received)
            self.assert_recovers(world, contents, done, stranger)

    def test_does_not_fit(self) -> None:
        """There must be a size for each file, and each file once."""
        one, two = (content.file_id for content in small(2))
        for files, sizes in (((one, two), (100,)), ((one,), (100, 100)), ((one, one), (100, 100))):
            with self.assertRaises(ValueError):
                Wholes(files, sizes)
            line = encode(Wholes((one, two), (100, 100))).decode()
            line = line.replace(f'"{one}","{two}"', ",".join(f'"{each}"' for each in files))
            line = line.replace("[100,100]", str(list(sizes)))
            with self.assertRaises(Malformed):
                decode(line.encode())

    def test_too_much(self) -> None:
        """More than was asked for in all is not kept in memory."""
        world, contents, done, stranger = self.begun(limits.FILES_ASKED_BYTES // MIB + 1)
        files = tuple(content.file_id for content in contents)
        stranger.say(Wholes(files, (MIB,) * len(files)))
        world.wires.settle()
        self.assertIn(b"ERROR", stranger.received)
        self.assert_recovers(world, contents, done, stranger)

    def test_wrong_size(self) -> None:
        """One of another size is dropped, and fetched from somebody else; the others are kept."""
        world, contents, done, stranger = self.begun()
        longer = Content(contents[1].content + b"x")
        files = tuple(content.file_id for content in contents)
        texts = contents[0].content + longer.content + contents[2].content
        stranger.say(encode(Wholes(files, (100, 101, 100))) + texts)
        world.wires.settle()
        world.wires.pass_time(1)
        self.assert_whole(world, self.successResultOf(done), contents)
        self.assertEqual(world.holders["s1"].contents[contents[0].file_id].reads, 0)
        self.assertEqual(world.holders["s1"].contents[contents[1].file_id].reads, 1)

    def test_truncated(self) -> None:
        """A connection that ends anywhere leaves nothing short."""
        for cut in (60, 250, 260, 400, 520):
            world, contents, done, stranger = self.begun()
            stranger.say(together(*contents)[:cut])
            world.wires.settle()
            assert stranger.transport is not None
            stranger.transport.loseConnection()
            world.wires.settle()
            self.assert_recovers(world, contents, done, stranger)
