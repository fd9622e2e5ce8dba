"""What a connection does while the other side does not read, and while a producer streams."""

from collections.abc import Callable

from twisted.internet.interfaces import IPullProducer, IPushProducer
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from p2p_twisted.wire.messages import Bye, Chunk, Done, Error, Ping, Pong
from tests.wire.talking import Notes, Talk, dialing, said, talking


@implementer(IPullProducer)
class Pieces:
    """Writes one piece whenever it is asked, and ends by itself."""

    def __init__(self, talk: Talk, pieces: list[bytes], at_end: Callable[[], None]) -> None:
        self._talk = talk
        self._pieces = pieces
        self._at_end = at_end
        self.is_stopped = False

    def resumeProducing(self) -> None:
        if self._pieces:
            self._talk.connection.output.write(self._pieces.pop(0))
        else:
            self._talk.connection.output.end_stream()
            self._at_end()

    def stopProducing(self) -> None:
        self.is_stopped = True


def streamed(talk: Talk, *pieces: bytes) -> Pieces:
    """Begin to stream pieces; the transport pulls when the test says so."""
    producer = Pieces(talk, list(pieces), lambda: None)
    talk.connection.output.start_stream(producer)
    return producer


class QueueTests(SynchronousTestCase):
    """A reader that does not read."""

    def test_order(self) -> None:
        """What was queued is sent when there is room again, in order."""
        talk = talking()
        talk.pipe.fill()
        for number in range(5):
            self.assertTrue(talk.connection.send(Ping(number)))
        self.assertEqual(talk.pipe.taken(), b"")
        talk.pipe.drain()
        talk.connection.send(Ping(5))
        self.assertEqual(said(talk.pipe.taken()), [Ping(number) for number in range(6)])

    def test_full_again(self) -> None:
        """Draining stops as soon as the transport is full again."""
        talk = talking()
        talk.pipe.fill()
        for number in range(3):
            talk.connection.send(Ping(number))
        producer = talk.pipe.producer
        assert producer is not None
        producer.resumeProducing()
        self.assertEqual(said(talk.pipe.taken()), [Ping(0)])
        talk.pipe.drain()
        self.assertEqual(said(talk.pipe.taken()), [Ping(1), Ping(2)])

    def test_bound(self) -> None:
        """The queue holds 1 MiB; what would not fit ends the connection."""
        talk = talking()
        talk.pipe.fill()
        line = b"a" * 1_023 + b"\n"
        for _ in range(1_024):
            self.assertTrue(talk.connection.send_raw(line))
        self.assertFalse(talk.pipe.is_ended)
        self.assertFalse(talk.connection.send_raw(line))
        self.assertEqual(talk.pipe.aborts, 1)
        self.assertFalse(talk.connection.send_raw(line))
        self.assertEqual(talk.pipe.value(), b"")

    def test_bound_is_on_what_waits(self) -> None:
        """What has left does not count any more."""
        talk = talking()
        for _ in range(3):
            talk.pipe.fill()
            for _ in range(1_000):
                self.assertTrue(talk.connection.send_raw(b"a" * 1_023 + b"\n"))
            talk.pipe.drain()
        self.assertFalse(talk.pipe.is_ended)

    def test_shedding(self) -> None:
        """Sheddable lines fill only half of it, and are dropped without harm."""
        talk = talking()
        talk.pipe.fill()
        line = b"a" * 1_023 + b"\n"
        sent = [talk.connection.send_raw(line, sheddable=True) for _ in range(2_000)]
        self.assertEqual(sent, [True] * 512 + [False] * 1_488)
        self.assertTrue(talk.connection.send(Done()))
        self.assertFalse(talk.pipe.is_ended)

    def test_blocked(self) -> None:
        """Ten seconds without any room end it."""
        talk = talking()
        talk.pipe.fill()
        talk.clock.advance(9)
        talk.pipe.fill()
        self.assertFalse(talk.pipe.is_ended)
        talk.clock.advance(1)
        self.assertEqual(talk.pipe.aborts, 1)

    def test_unblocked(self) -> None:
        """Room in between begins the ten seconds anew."""
        talk = talking()
        talk.pipe.fill()
        talk.pipe.fill()
        talk.clock.advance(9)
        talk.pipe.drain()
        talk.clock.advance(9)
        talk.pipe.fill()
        talk.clock.advance(9)
        self.assertFalse(talk.pipe.is_ended)

    def test_close_flushes(self) -> None:
        """Closing hands over what waits, then waits 5 s at most."""
        talk = talking()
        talk.pipe.fill()
        talk.connection.send(Bye("leaving"))
        talk.connection.close()
        self.assertEqual(said(talk.pipe.taken()), [Bye("leaving")])
        self.assertTrue(talk.pipe.is_ended)
        self.assertEqual(talk.pipe.aborts, 0)
        self.assertIsNone(talk.pipe.producer)
        self.assertFalse(talk.connection.send(Done()))
        talk.connection.close()
        talk.connection.clear_deadline()
        talk.clock.advance(5)
        self.assertEqual(talk.pipe.aborts, 1)

    def test_close_twice(self) -> None:
        """Closing again changes nothing: what waits still has its 5 s."""
        talk = talking()
        talk.connection.send(Bye())
        talk.connection.close()
        talk.connection.close()
        self.assertEqual(talk.pipe.aborts, 0)

    def test_interface(self) -> None:
        """The transport's producer is one."""
        verifyObject(IPushProducer, talking().pipe.producer)

    def test_reading_goes_on(self) -> None:
        """A transport that takes no more still delivers what comes in."""
        talk = talking()
        talk.pipe.fill()
        talk.hear(b"DONE\nDO")
        talk.hear(b"NE\n")
        self.assertEqual(talk.notes.messages, [Done(), Done()])


class StreamTests(SynchronousTestCase):
    """A producer with the transport in its hands."""

    def pull(self, talk: Talk) -> bytes:
        """Let the transport ask for the next piece, and return what it got."""
        producer = talk.pipe.producer
        assert producer is not None
        producer.resumeProducing()
        return talk.pipe.taken()

    def test_order(self) -> None:
        """What was sent before goes before, what is sent meanwhile goes behind."""
        talk = talking()
        talk.pipe.fill()
        talk.connection.send(Chunk(0, 4))
        streamed(talk, b"ab", b"cd")
        self.assertEqual(said(talk.pipe.taken()), [Chunk(0, 4)])
        self.assertFalse(talk.pipe.streaming)
        talk.pipe.is_full = False
        self.assertEqual(self.pull(talk), b"ab")
        self.assertEqual(talk.hear(b'PING {"n":1}\n'), b"")
        self.assertTrue(talk.connection.send(Done()))
        self.assertEqual(self.pull(talk), b"cd")
        self.assertEqual(said(self.pull(talk)), [Pong(1), Done()])
        self.assertTrue(talk.pipe.streaming)

    def test_no_deadline_for_the_queue(self) -> None:
        """A stream may take longer than a full transport may."""
        talk = talking()
        talk.pipe.fill()
        streamed(talk, b"a")
        talk.clock.advance(100)
        self.assertFalse(talk.pipe.is_ended)

    def test_queue_stays_bounded(self) -> None:
        """Pings that come during a stream can fill the queue only so far."""
        talk = talking()
        streamed(talk, b"a")
        for _ in range(200):
            talk.hear(b'PING {"n":123456789}\n' * 500)
        self.assertEqual(talk.pipe.aborts, 1)

    def test_close_in_the_middle(self) -> None:
        """A stream that is cut has no line in place of its bytes."""
        for fault in (b"NONSENSE\n" * 3, b"PING {}\n"):
            talk = talking()
            streamed(talk, b"ab")
            self.assertEqual(talk.hear(fault), b"")
            self.assertEqual(talk.pipe.aborts, 1)
            talk.lose()
            self.assertEqual(talk.clock.getDelayedCalls(), [])

    def test_too_late(self) -> None:
        """On a closed connection a producer is told to stop, and cannot write."""
        talk = talking()
        talk.connection.close()
        producer = streamed(talk, b"a")
        self.assertTrue(producer.is_stopped)
        talk.connection.output.write(b"a")
        talk.connection.output.end_stream()
        self.assertEqual(talk.pipe.value(), b"")


class RefusalTests(SynchronousTestCase):
    """The last line."""

    def test_refuse(self) -> None:
        """An Error is sent as it is."""
        talk = talking()
        talk.connection.refuse(Error("full", "full"))
        self.assertEqual(said(talk.pipe.value()), [Error("full", "full")])
        self.assertTrue(talk.pipe.is_ended)

    def test_refuse_a_stranger(self) -> None:
        """A dialer that was not greeted has nobody to tell."""
        talk = dialing()
        talk.connection.refuse(Error("no"))
        self.assertEqual(talk.pipe.value(), b"")
        self.assertTrue(talk.pipe.is_ended)

    def test_notes_are_kept(self) -> None:
        """The session that was there at the end is told of it."""
        talk = talking()
        successor = Notes(talk.connection)
        talk.connection.hand_over(successor)
        talk.connection.refuse(Error("no"))
        talk.lose()
        self.assertEqual((len(talk.notes.losses), len(successor.losses)), (0, 1))
