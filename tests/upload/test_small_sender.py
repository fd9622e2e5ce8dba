"""The holder's side of many small files."""

from collections.abc import Sequence

from twisted.internet.defer import Deferred, succeed

from p2p_twisted.bandwidth.limiter import Bandwidth
from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.upload.limits import FILES_WAITING
from p2p_twisted.upload.small_sender import STILL_LOOKING
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.limits import IDS_PER_LINE, KIB, MIB
from p2p_twisted.wire.messages import Done, Gone, More, Refuse, Want, Whole, Wholes
from tests.download.content import Content, some_bytes
from tests.download.holding import SharedStub, make_uploads
from tests.download.wires import Wires
from tests.upload.cases import HELLO, Greeter, HolderCase


class Slow(Content):
    """A file on a disk that has to seek."""

    wires: Wires

    def read(self, offset: int, length: int) -> bytes:
        self.wires.advance(0.02)
        return super().read(offset, length)


class WholesTests(HolderCase):
    """A holder of a few files, and a requester that is connected."""

    def begun(
        self, *contents: Content, rates: Rates | None = None, is_settled: bool = True
    ) -> Greeter:
        """Push the first file; others can be asked for."""
        self.wires = Wires()
        self.contents = {content.file_id: content for content in contents}
        bandwidth = Bandwidth(self.wires, rates)
        self.uploads = make_uploads(
            self.dialer(), self.contents.get, bandwidth=bandwidth, is_settled=is_settled
        )
        self.addCleanup(self.stop)
        return self.connect()

    def connect(self) -> Greeter:
        """Have a requester ask for the first file."""
        requester = Greeter(encode(HELLO))
        self.let_listen(lambda: requester)
        ticket, file_id = f"{len(self.wires.dialed):032x}", next(iter(self.contents))
        want = Want(ticket, file_id, "me", "127.0.0.1", 9000, more=True)
        self.uploads.serve(want, None, self.refuse)
        self.wires.settle()
        requester.received = b""
        return requester

    def refuse(self, reason: str, gone: bool = False, fetch: bool = False) -> None:
        self.fail(reason)

    def stop(self) -> None:
        stopped = Deferred.fromCoroutine(self.uploads.stop())
        self.wires.settle()
        self.successResultOf(stopped)

    def test_in_order(self) -> None:
        """Requested files are sent whole, in order, the first one like the others."""
        contents = [Content(some_bytes(size, size)) for size in (KIB, 0, 1, MIB, 70 * KIB)]
        requester = self.begun(*contents)
        order = [contents[index] for index in (3, 0, 1, 4, 2, 0)]
        requester.say(*[More((content.file_id,)) for content in order[:2]])
        requester.say(More(tuple(content.file_id for content in order[2:])))
        self.wires.settle()
        expected = [encode(Whole(each.file_id, each.size)) + each.content for each in order]
        self.assertEqual(requester.received, b"".join(expected))
        self.assertTrue(all(content.is_closed for content in contents[1:]))
        requester.say(Done())
        self.wires.settle()
        self.assertTrue(requester.is_lost)

    def test_together(self) -> None:
        """A requester that understands it is sent several at a time, between what is gone."""
        contents = [Content(b"%d" % number * number) for number in range(5)]
        requester = self.begun(*contents)
        first, second, third, fourth, fifth = contents
        order = [first, second, Content(b"unknown"), third, fourth, fourth, fifth]
        requester.say(More(tuple(each.file_id for each in order), together=True))
        self.wires.settle()
        expected = [
            encode(Wholes((first.file_id, second.file_id), (0, 1))) + second.content,
            encode(Gone(order[2].file_id)),
            encode(Wholes((third.file_id, fourth.file_id), (2, 3))),
            third.content + fourth.content,
            encode(Wholes((fourth.file_id, fifth.file_id), (3, 4))),
            fourth.content + fifth.content,
        ]
        self.assertEqual(requester.received, b"".join(expected))

    def test_limited(self) -> None:
        """At a low rate even one file is sent in pieces, so that others do not wait long."""
        content = Content(some_bytes(MIB))
        requester = self.begun(content, rates=Rates(up=64 * KIB))
        requester.say(More((content.file_id,)))
        self.wires.settle()
        self.assertLess(len(requester.received), 16 * KIB)
        self.wires.pass_time(8.0, 0.05)
        self.assertApproximates(len(requester.received), MIB // 2, 32 * KIB)
        self.wires.pass_time(10.0, 0.05)
        whole = encode(Whole(content.file_id, content.size)) + content.content
        self.assertTrue(requester.received == whole)

    def test_gone(self) -> None:
        """Unknown, changed and larger files are answered as gone, and the others are sent."""
        first, changed, large = Content(b"1"), Content(b"2"), Content(some_bytes(MIB + 1))
        requester = self.begun(first, changed, large)
        changed.is_changed = True
        requester.say(More(("f" * 64, changed.file_id, large.file_id, first.file_id)))
        self.wires.settle()
        gone = [encode(Gone(file_id)) for file_id in ("f" * 64, changed.file_id, large.file_id)]
        self.assertEqual(
            requester.received, b"".join(gone) + encode(Whole(first.file_id, 1)) + b"1"
        )
        self.assertTrue(changed.is_closed)
        self.assertTrue(large.is_closed)

    def test_not_known_yet(self) -> None:
        """Nothing is called gone before all is looked at: it ends, behind what was found before."""
        first, second = Content(b"1"), Content(b"2")
        sent = encode(Whole(second.file_id, 1)) + b"2"
        ended = encode(Refuse("0" * 32, STILL_LOOKING))
        for found, expected in (((second.file_id,), sent + ended), ((), ended)):
            requester = self.begun(first, second, is_settled=False)
            requester.say(More((*found, "f" * 64, first.file_id)))
            self.wires.settle()
            self.assertEqual(requester.received, expected)
            self.assertTrue(requester.is_lost)

    def test_flood(self) -> None:
        """A requester that asks for too much at once is disconnected."""
        requester = self.begun(Content(some_bytes(KIB)))
        file_ids = tuple(self.contents) * IDS_PER_LINE
        requester.say(*[More(file_ids)] * (FILES_WAITING // IDS_PER_LINE + 1))
        self.wires.settle()
        self.assertTrue(requester.is_lost)
        self.assertLess(len(requester.received), FILES_WAITING * KIB)
        honest = self.connect()
        honest.say(More(file_ids[:1]))
        self.wires.settle()
        self.assertIn(self.contents[file_ids[0]].content, honest.received)

    def test_slow_disk(self) -> None:
        """If files are slow to read, other connections wait for one at most."""
        contents = [Slow(b"%d" % number) for number in range(5)]
        requester = self.begun(*contents)
        for content in contents:
            content.wires = self.wires
        requester.say(More(tuple(self.contents)))
        (pump,) = self.wires.pumps
        for pieces in range(1, 4):
            pump.pump()
            self.assertEqual(sum(content.reads for content in contents), pieces)

    def test_read_as_they_go_out(self) -> None:
        """A file is read only when those before it have been sent."""
        contents = [Content(some_bytes(MIB, seed)) for seed in range(8)]
        requester = self.begun(*contents)
        requester.say(More(tuple(self.contents)))
        (pump,) = self.wires.pumps
        for pieces in range(1, 4):
            pump.pump()
            self.assertEqual(sum(content.reads for content in contents), pieces)

    def test_read_together(self) -> None:
        """Files that are read in one go are sent in their order, between those that are opened."""
        contents = [Content(b"%d" % number) for number in range(6)]
        requester = self.begun(*contents)
        together = {content.file_id: content.content for content in contents[1:4]}
        asked: list[int] = []

        def read(file_ids: Sequence[str]) -> "Deferred[Sequence[bytes | None]]":
            asked.append(len(file_ids))
            wholes = [together.get(file_id) for file_id in file_ids]
            # The first two at most, and one at least.
            return succeed(wholes[:2])

        self.patch(SharedStub, "read_small", staticmethod(read))
        order = [contents[number] for number in (0, 3, 1, 2, 4, 5)]
        requester.say(More(tuple(content.file_id for content in order)))
        self.wires.settle()
        expected = [encode(Whole(each.file_id, each.size)) + each.content for each in order]
        self.assertEqual(requester.received, b"".join(expected))
        self.assertEqual(asked, [6, 4, 2])
        self.assertEqual([content.reads for content in contents], [1, 0, 0, 0, 1, 1])
