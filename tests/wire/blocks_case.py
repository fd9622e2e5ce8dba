"""A connection whose session takes blocks, for tests."""

from collections.abc import Callable
from itertools import count

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.trust.tls_transport import read_by_copy, read_straight
from p2p_twisted.wire.messages import Chunk, Message
from tests.wire.ends import End, InMemory, OnSockets
from tests.wire.secured_ends import Secured, SecuredInMemory
from tests.wire.talking import Notes


def nothing() -> None:
    """Do nothing."""


def nothing_more() -> bool:
    """Stop waiting at once."""
    return True


def after(times: int, action: Callable[[], None]) -> Callable[[], None]:
    """Make what does something once, after it was called so many times in vain."""
    calls = count()

    def act() -> None:
        if next(calls) == times:
            action()

    return act


class Blocks(Notes):
    """A session that takes a block behind each chunk's line, and notes all in order."""

    def __init__(self, end: End) -> None:
        super().__init__(end.connection)
        self.heard: list[Message | bytes] = []
        self.moved: list[int] = []
        self.on_moved: Callable[[], None] = nothing
        self.on_done: Callable[[], None] = nothing
        self.losses = end.notes.losses
        end.connection.hand_over(self)

    def received(self, message: Message) -> None:
        self.heard.append(message)
        if isinstance(message, Chunk):
            self.block = memoryview(bytearray(message.length))
            self.connection.input.expect_block(self.block, self.some, self.all)

    def some(self, count: int) -> None:
        self.moved.append(count)
        self.on_moved()

    def has_heard(self, count: int) -> bool:
        return len(self.heard) == count

    def all(self) -> None:
        self.heard.append(bytes(self.block))
        self.on_done()


class BlocksCase(SynchronousTestCase):
    """A connection that takes blocks, one way or another."""

    def make(self) -> End:
        """Make a connection that has talked."""
        raise NotImplementedError

    def begin(self) -> tuple[End, Blocks]:
        """Make a connection whose session takes blocks."""
        end = self.make()
        return end, Blocks(end)

    def assert_gone(self, end: End, blocks: Blocks) -> None:
        """It is closed, and nothing of it is left."""
        end.until(lambda: blocks.losses)
        self.assertTrue(end.is_quiet())


class PortableWay(BlocksCase):
    """Whatever the transport is."""

    def make(self) -> End:
        return InMemory()


class OverSockets(BlocksCase):
    """Plain sockets, under a reactor that lets others read."""

    def make(self) -> End:
        return OnSockets(self)


class Encrypted(BlocksCase):
    """Sockets, and what comes is decrypted straight into the block."""

    def make(self) -> Secured:
        assert read_straight is not None
        return Secured(self, read_straight)


class EncryptedAndCopied(BlocksCase):
    """Sockets, and what comes is decrypted by public calls only."""

    def make(self) -> Secured:
        return Secured(self, read_by_copy)


class EncryptedInMemory(BlocksCase):
    """Whatever the transport is, and in virtual time."""

    def make(self) -> SecuredInMemory:
        return SecuredInMemory(self)
