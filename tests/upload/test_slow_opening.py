"""A disk that stands still as a file on it is opened keeps nobody else waiting."""

from typing import Any

from twisted.internet.defer import Deferred

from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.messages import Done, Gone, More, Push, Whole
from p2p_twisted.wire.source import Source
from tests.download.content import Content
from tests.upload.cases import UploadsCase


class SlowOpeningTests(UploadsCase):
    """A holder of one file that can be opened at once, and of others that cannot."""

    def setUp(self) -> None:
        self.late: list[Deferred[Source | None]] = []
        super().setUp()

    def open(self, file_id: str) -> Any:
        if file_id == self.content.file_id:
            return super().open(file_id)
        self.late.append(Deferred())
        return self.late[-1]

    def test_others_are_served(self) -> None:
        """What can be opened is pushed meanwhile, and the late one as soon as it is open."""
        requester, late = self.listen(), self.listen(port=9001)
        late_content = Content(b"late")
        late_want = self.want(file=late_content.file_id, port=9001)
        self.serve(late_want)
        want = self.want()
        self.serve(want)
        push = encode(Push(want.ticket, self.content.file_id, self.content.size, reorders=True))
        self.assertEqual(requester.received, push + self.content.digests)
        self.assertEqual(late.received, b"")
        self.late[0].callback(late_content)
        self.wires.settle()
        push = encode(Push(late_want.ticket, late_content.file_id, 4, reorders=True))
        self.assertEqual(late.received, push + late_content.digests)
        self.assertEqual(self.refused, [])

    def test_bounded(self) -> None:
        """As many requests wait for the disk as may be served; the next one is refused at once."""
        places = self.bandwidth.slots.up
        for _ in range(places + 1):
            self.serve(self.want(file="f" * 64))
        self.assertEqual((len(self.late), self.refused), (places, ["busy"]))
        for late in self.late:
            late.callback(None)
        self.assertEqual(self.refused[1:], ["it is not shared here any more"] * places)
        self.serve(self.want(file="e" * 64))
        self.assertEqual(len(self.late), places + 1)

    def test_stopped_meanwhile(self) -> None:
        """A holder that stops pushes nothing that is open only then."""
        content = Content(b"late")
        self.serve(self.want(file=content.file_id))
        self.uploads.stop().close()
        stopped = Deferred.fromCoroutine(self.uploads.stop())
        self.late[0].callback(content)
        self.wires.settle()
        self.successResultOf(stopped)
        self.assertEqual((self.refused, self.wires.dialed), (["it is stopping"], []))
        self.assertTrue(content.is_closed)

    def test_small_files(self) -> None:
        """Answers keep their order, and the requester hears the rest once the disk is back."""
        requester = self.listen()
        self.content = Content(b"first")
        self.serve(self.want(more=True))
        requester.received = b""
        late = Content(b"late")
        requester.say(More((late.file_id, self.content.file_id)), More(("f" * 64,)))
        self.wires.settle()
        self.assertEqual(requester.received, b"")
        self.late[0].callback(late)
        self.late[1].callback(None)
        self.wires.settle()
        expected = [(late, b"late"), (self.content, b"first")]
        wholes = [encode(Whole(each.file_id, each.size)) + text for each, text in expected]
        self.assertEqual(requester.received, b"".join(wholes) + encode(Gone("f" * 64)))

    def test_requester_gone(self) -> None:
        """Nothing is sent to one that is gone by then."""
        requester = self.listen()
        self.serve(self.want())
        late = Content(b"late")
        requester.say(More((late.file_id,)))
        self.wires.settle()
        requester.say(Done())
        self.wires.settle()
        self.late[0].callback(late)
        self.wires.settle()
        self.assertTrue(late.is_closed)
