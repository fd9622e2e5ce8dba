"""One contract for streams, however their bytes are sent."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from twisted.internet.interfaces import IPullProducer
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from p2p_twisted.bandwidth.limiter import Limiter
from p2p_twisted.trust.tls_transport import read_by_copy
from p2p_twisted.upload import producer
from p2p_twisted.upload.producer import Span, StreamProducer
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.messages import Refuse
from p2p_twisted.wire.source import SourceChanged
from tests.download.content import Content, OnDisk, some_bytes
from tests.storage.standing import Standing
from tests.wire.ends import End, InMemory, OnSockets
from tests.wire.secured_ends import Secured
from tests.wire.talking import said

CONTENT = some_bytes(3 * MIB)
TICKET = "0" * 32


class Sections:
    """A supplier of what it is given; ``changed`` stands for a source that has."""

    def __init__(self, end: End, sections: Sequence[bytes | Span]) -> None:
        self.sections = list(sections)
        self.broken_between: list[bool] = []
        self.connection = end.connection
        self.reading = Standing()
        clock = end.clock
        self.producer = StreamProducer(
            clock, end.connection, self, Limiter(clock).pace(), self.reading
        )

    def next_section(self) -> bytes | Span | None:
        if not self.sections:
            return None
        if self.sections[0] == b"changed":
            raise SourceChanged
        return self.sections.pop(0)

    def broken(self, _fault: Exception, is_between: bool) -> None:
        self.broken_between.append(is_between)
        if is_between:
            self.connection.send(Refuse(TICKET, "it was changed"))
        self.connection.close()


class Contract(SynchronousTestCase):
    """The contract for all kinds of streams."""

    def make(self) -> tuple[End, Content]:
        """Make a connection, and a source for it."""
        raise NotImplementedError

    def begin(self, *sections: bytes | tuple[int, int]) -> tuple[End, Content, Sections]:
        """Send bytes, and bytes of the source from an offset on."""
        end, content = self.make()
        spans = [each if isinstance(each, bytes) else Span(content, *each) for each in sections]
        supplier = Sections(end, spans)
        supplier.producer.start()
        return end, content, supplier

    def all_of(self, end: End, length: int) -> bytes:
        """Take that many bytes."""
        taken = bytearray()

        def is_all() -> bool:
            taken.extend(end.heard())
            return len(taken) >= length

        end.until(is_all)
        return bytes(taken)

    def test_order(self) -> None:
        """Bytes and spans leave in their order, and lines behind them."""
        last = (2 * MIB - 7, MIB)
        end, _content, supplier = self.begin(b"a\n", (0, MIB), b"b\n", b"c\n", last)
        verifyObject(IPullProducer, supplier.producer)
        end.connection.send(Refuse(TICKET, "later"))
        expected = b"a\n" + CONTENT[:MIB] + b"b\nc\n" + CONTENT[2 * MIB - 7 : 3 * MIB - 7]
        taken = self.all_of(end, len(expected) + 20)
        self.assertEqual(taken[: len(expected)], expected)
        self.assertEqual(said(taken[len(expected) :]), [Refuse(TICKET, "later")])

    def test_announced(self) -> None:
        """A span leaves behind its own line, wherever it begins and ends."""
        end, content, supplier = self.begin()
        cuts = [(0, MIB), (MIB, 1), (MIB + 1, 70_000), (0, 3 * MIB)]
        lines = [b"%d\n" % number for number in range(len(cuts))]
        supplier.sections = [
            Span(content, *cut, line) for cut, line in zip(cuts, lines, strict=True)
        ]
        supplier.producer.start()
        expected = b"".join(
            line + CONTENT[start : start + length]
            for (start, length), line in zip(cuts, lines, strict=True)
        )
        self.assertEqual(self.all_of(end, len(expected)), expected)
        self.assertEqual(supplier.producer.meter.total, len(expected))

    def test_again(self) -> None:
        """It continues with what it is given later."""
        end, content, supplier = self.begin(b"a\n", (5, 70_000))
        self.assertEqual(self.all_of(end, 70_002), b"a\n" + CONTENT[5:70_005])
        supplier.sections = [b"b\n", Span(content, 0, MIB)]
        supplier.producer.start()
        supplier.producer.start()
        self.assertEqual(self.all_of(end, MIB + 2), b"b\n" + CONTENT[:MIB])

    def test_changed_between(self) -> None:
        """Between spans the other side is told that a source has changed."""
        end, _content, supplier = self.begin(b"a\n", (0, MIB), b"changed", (0, MIB))
        taken = self.all_of(end, MIB + 20)
        self.assertEqual(said(taken[MIB + 2 :]), [Refuse(TICKET, "it was changed")])
        end.until(lambda: end.notes.losses)
        self.assertEqual(supplier.broken_between, [True])

    def test_changed_within(self) -> None:
        """In the middle of a span it ends, and no more of it is sent."""
        end, content, supplier = self.begin(b"a\n", (0, 3 * MIB), b"b\n")
        taken = self.all_of(end, 70_000)
        content.is_changed = True
        end.until(lambda: taken_all(end) and supplier.broken_between)
        self.assertLess(len(taken), 2 * MIB)
        self.assertEqual(supplier.broken_between, [False])
        end.until(lambda: taken_all(end) and end.notes.losses)

    def test_aborted(self) -> None:
        """In the middle of a span it can be aborted; nothing is left."""
        end, _content, supplier = self.begin(b"a\n", (0, 3 * MIB))
        self.all_of(end, 70_000)
        end.connection.abort()
        end.until(lambda: end.notes.losses)
        self.assertTrue(end.is_quiet())
        self.assertEqual(supplier.broken_between, [])

    def test_hung_up(self) -> None:
        """The other side may go in the middle of a span."""
        end, _content, supplier = self.begin(b"a\n", (0, 3 * MIB))
        self.all_of(end, 70_000)
        end.hang_up()
        end.until(lambda: end.notes.losses)
        self.assertTrue(end.is_quiet())
        self.assertEqual(supplier.broken_between, [])


def taken_all(end: End) -> bool:
    """Take what there is."""
    end.heard()
    return True


class PortableTests(Contract):
    """Whatever transport and source are."""

    def make(self) -> tuple[End, Content]:
        return InMemory(), Content(CONTENT)


class StraightTests(Contract):
    """Files and plain sockets."""

    def make(self) -> tuple[End, OnDisk]:
        content = OnDisk(CONTENT, Path(self.mktemp()))
        self.addCleanup(os.close, content.on_disk)
        return OnSockets(self), content

    def test_is_straight(self) -> None:
        """Nothing is read on the way."""
        end, content, _supplier = self.begin(b"a\n", (0, 3 * MIB))
        self.all_of(end, 3 * MIB + 2)
        self.assertEqual(content.reads, 0)

    def have_a_disk_asked(self) -> None:
        """Have what is sent be on a disk, which has yet to give it; tests keep files in memory."""
        self.patch(producer, "is_at_hand", lambda *_arguments: False)
        self.patch(producer, "is_in_memory", lambda _fd: False)

    def test_disk_stands_still(self) -> None:
        """What is not at hand is sent once the disk has given it, and nothing waits for that."""
        self.have_a_disk_asked()
        end, _content, supplier = self.begin(b"a\n", (0, 3 * MIB), b"b\n")
        supplier.reading.stands_still = True
        end.until(lambda: supplier.reading.waiting)
        self.assertLess(len(self.all_of(end, 2)), MIB)
        for _ in range(3):
            end.until(lambda: True)
            self.assertEqual((end.heard(), len(supplier.reading.waiting)), (b"", 1))
        supplier.reading.go_on()
        self.assertEqual(self.all_of(end, 3 * MIB + 2)[-2:], b"b\n")

    def test_in_memory(self) -> None:
        """What has no disk is waited for by nobody, and it is found out once."""
        asked: list[int] = []

        def is_in_memory(fd: int) -> bool:
            asked.append(fd)
            return True

        self.patch(producer, "is_at_hand", lambda *_arguments: False)
        self.patch(producer, "is_in_memory", is_in_memory)
        end, content, supplier = self.begin(b"a\n", (0, 3 * MIB), b"b\n")
        supplier.reading.stands_still = True
        self.assertEqual(self.all_of(end, 3 * MIB + 4)[-2:], b"b\n")
        self.assertEqual((asked, supplier.reading.waiting), ([content.fd], []))

    def test_changed_while_the_disk_stands_still(self) -> None:
        """The disk is not asked before that, and the other side is still told."""
        self.have_a_disk_asked()
        end, content = self.make()
        content.is_changed = True
        supplier = Sections(end, [Span(content, 0, 3 * MIB, b"a line\n")])
        supplier.reading.stands_still = True
        supplier.producer.start()
        end.until(lambda: supplier.reading.waiting)
        self.assertEqual(supplier.broken_between, [])
        supplier.reading.go_on()
        end.until(lambda: supplier.broken_between)
        self.assertEqual(supplier.broken_between, [True])
        self.assertTrue(self.all_of(end, 1).startswith(b"REFUSE"))

    def test_disk_fails(self) -> None:
        """What a disk cannot give is not asked for twice, and both sides hear of it."""
        self.have_a_disk_asked()
        self.patch(producer, "bring_to_hand", lambda fd, *_arguments: os.close(fd))
        end, content = self.make()
        supplier = Sections(end, [Span(content, 0, 3 * MIB, b"a line\n")])
        supplier.producer.start()
        end.until(lambda: supplier.broken_between)
        self.assertEqual(supplier.broken_between, [True])
        self.assertEqual((content.is_doubted, content.reads), (True, 0))
        self.assertTrue(self.all_of(end, 1).startswith(b"REFUSE"))

    def test_aborted_while_reading(self) -> None:
        """What is aborted before the disk has given it leaves nothing open."""
        self.have_a_disk_asked()
        end, _content, supplier = self.begin((0, 3 * MIB))
        supplier.reading.stands_still = True
        end.until(lambda: supplier.reading.waiting)
        end.connection.abort()
        end.until(lambda: end.notes.losses)
        supplier.reading.go_on()
        self.assertTrue(end.is_quiet())

    def test_cut(self) -> None:
        """A file that was cut ends it."""
        end, content, supplier = self.begin(b"a\n", (0, 3 * MIB))
        self.all_of(end, 70_000)
        assert content.fd is not None
        os.truncate(f"/proc/self/fd/{content.fd}", 1_000)
        end.until(lambda: taken_all(end) and supplier.broken_between)
        self.assertEqual(supplier.broken_between, [False])

    def test_cannot_be_sent(self) -> None:
        """What the kernel does not send is read."""

        def fail(*_arguments: object) -> int:
            raise OSError(errno.EINVAL, "not on this file system")

        self.patch(os, "sendfile", fail)
        end, content, _supplier = self.begin(b"a\n", (0, MIB))
        self.assertEqual(self.all_of(end, MIB + 2), b"a\n" + CONTENT[:MIB])
        self.assertGreater(content.reads, 0)


class EncryptedTests(Contract):
    """Files and sockets, and all that is sent is encrypted."""

    def make(self) -> tuple[End, OnDisk]:
        content = OnDisk(CONTENT, Path(self.mktemp()))
        self.addCleanup(os.close, content.on_disk)
        return Secured(self, read_by_copy), content


del Contract
