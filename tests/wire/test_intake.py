"""What one connection sends does not take the reactor's time from others."""

from twisted.trial.unittest import SynchronousTestCase
from typing_extensions import override

from p2p_twisted.wire import limits
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.intake import IntakeShare, an_intake_share
from p2p_twisted.wire.messages import Done, Message
from tests.wire.talking import Notes, Talk


class Slow(Notes):
    """A session that takes its time for each message."""

    seconds = 0.0
    # Which part of that others have the core.
    waiting = 0.0

    def __init__(self, connection: Connection, talk: "SlowTalk") -> None:
        super().__init__(connection)
        self.talk = talk

    @override
    def received(self, message: Message) -> None:
        super().received(message)
        # Not advanced: nothing else happens meanwhile.
        self.talk.clock.rightNow += self.seconds
        self.talk.waited += self.seconds * self.waiting


class SlowTalk(Talk):
    """A connection whose session is slow."""

    def __init__(self, seconds: float) -> None:
        self.waited = 0.0
        super().__init__()
        self.begin()
        self.hear(b"DONE\n")
        self.notes.messages.clear()
        self.session.seconds = seconds
        self.abused = 0
        self.behind: list[float] = []

    @override
    def _make_notes(self, connection: Connection) -> Notes:
        self.notes = self.session = Slow(connection, self)
        return self.notes

    @property
    def is_read(self) -> bool:
        """Whether what comes now is read."""
        return bool(self.pipe.producerState == "producing")

    def limit(self, share: IntakeShare | None = None) -> None:
        """Give the connection its share, of its own or together with others."""

        def abused() -> None:
            self.abused += 1
            self.connection.close()

        self.connection.intake._waited = lambda: self.waited

        def fell_behind() -> None:
            self.behind.append(self.clock.seconds())

        self.connection.intake.limit(fell_behind, abused, share)

    def flood(self, seconds: float) -> int:
        """Send whenever it is read; return how many messages were handled in that time."""
        before, until = len(self.notes.messages), self.clock.seconds() + seconds
        while self.clock.seconds() < until and self.connection.is_open:
            if self.is_read:
                self.hear(b"DONE\n")
            self.clock.advance(0.005)
        return len(self.notes.messages) - before


class SliceTests(SynchronousTestCase):
    """Any connection makes way for others."""

    def test_ended(self) -> None:
        """One whose last line took long leaves the transport to who has taken that over."""
        talk = SlowTalk(0.03)
        received = talk.session.received

        def take_over(message: Message) -> None:
            received(message)
            talk.connection.intake.stop()

        self.patch(talk.session, "received", take_over)
        talk.hear(b"DONE\n")
        talk.clock.advance(1)
        self.assertTrue(talk.is_read)

    def test_makes_way(self) -> None:
        """After 20 ms the rest of what has come waits for the next turn, and is not lost."""
        talk = SlowTalk(0.008)
        talk.hear(b"DONE\n" * 7 + b"DO")
        self.assertEqual(len(talk.notes.messages), 3)
        self.assertFalse(talk.is_read)
        talk.clock.advance(0)
        self.assertEqual(len(talk.notes.messages), 7)
        self.assertTrue(talk.is_read)
        talk.hear(b"NE\n")
        self.assertEqual(talk.notes.messages, [Done()] * 8)

    def test_bytes_that_belong_to_a_line(self) -> None:
        """They are taken at once: whoever reads them next must not find them gone."""
        talk = SlowTalk(1.0)
        taken: list[bytes] = []

        def received(message: Message) -> None:
            talk.clock.rightNow += 1.0
            talk.connection.input.expect_raw(3, taken.append)

        talk.session.received = received  # type: ignore[method-assign]
        talk.hear(b"DONE\nabcDONE\ndef")
        talk.clock.advance(0)
        self.assertEqual(taken, [b"abc", b"def"])

    def test_closed_meanwhile(self) -> None:
        """A connection that ends while the rest waits is not read again."""
        for end in (Connection.close, Connection.abort, str):
            talk = SlowTalk(1.0)
            talk.hear(b"DONE\n" * 3)
            end(talk.connection)
            talk.lose()
            self.assertEqual(talk.clock.getDelayedCalls(), [])
            self.assertEqual(len(talk.notes.messages), 1)


class ShareTests(SynchronousTestCase):
    """A link has a share of the reactor's time."""

    def test_shared(self) -> None:
        """Of several that have one together, each has what the others leave."""
        share = an_intake_share(of_links=2)
        first, second, alone = SlowTalk(0.05), SlowTalk(0.01), SlowTalk(0.01)
        first.limit(share)
        second.limit(share)
        alone.limit()
        first.flood(8.0)
        for talk in (second, alone):
            talk.clock.rightNow = first.clock.seconds()
        self.assertLess(second.flood(1.0), alone.flood(1.0) * 0.8)

    def test_read_no_faster(self) -> None:
        """Once its share is used up it is read no faster than that comes back."""
        talk = SlowTalk(0.01)
        talk.limit()
        talk.flood(5.0)
        most = (limits.INTAKE_BURST_SECONDS + 5 * limits.INTAKE_SECONDS_PER_SECOND) / 0.01
        self.assertLess(len(talk.notes.messages), most + 5)
        self.assertGreater(len(talk.notes.messages), most / 2)
        self.assertEqual(talk.abused, 0)

    def test_says_so(self) -> None:
        """That it is not read for a while is told each time, and of no other."""
        talk = SlowTalk(0.01)
        talk.limit()
        talk.flood(limits.INTAKE_BURST_SECONDS / 2)
        self.assertEqual(talk.behind, [])
        talk.flood(4.0)
        self.assertGreater(len(talk.behind), 2)

    def test_abuse(self) -> None:
        """One that goes on for ten seconds is ended."""
        talk = SlowTalk(0.01)
        talk.limit()
        talk.flood(limits.ABUSE_SECONDS)
        self.assertEqual(talk.abused, 0)
        talk.flood(5.0)
        self.assertEqual((talk.abused, talk.pipe.is_ended), (1, True))

    def test_busy_for_a_moment(self) -> None:
        """One that rests now and then goes on, however often it is busy for a while."""
        talk = SlowTalk(0.01)
        talk.limit()
        for _ in range(10):
            talk.flood(4.0)
            talk.clock.advance(0.5)
            for _ in range(6):
                talk.clock.advance(0.5)
        self.assertEqual(talk.abused, 0)

    def test_not_its_fault(self) -> None:
        """What held the whole process up costs it no more than it can save up."""
        talk = SlowTalk(3_600.0)
        talk.limit()
        talk.hear(b"DONE\n")
        talk.session.seconds = 0.0
        for _ in range(8):
            talk.clock.advance(0.5)
        self.assertTrue(talk.is_read)
        talk.hear(b"DONE\n")
        self.assertEqual((len(talk.notes.messages), talk.abused), (2, 0))

    def test_busy_machine(self) -> None:
        """What makes the machine slow is no fault of a link that leaves time to others."""
        talk = SlowTalk(0.1)
        talk.limit()
        talk.session.waiting = 0.9
        for _ in range(600):
            talk.hear(b"DONE\n")
            talk.clock.advance(0.04)
        self.assertEqual((len(talk.notes.messages), talk.abused), (600, 0))

    def test_flood_on_a_busy_machine(self) -> None:
        """A flood is ended, too, where this process gets so little that it never has its share."""
        talk = SlowTalk(0.02)
        talk.limit()
        talk.session.waiting = 0.8
        talk.flood(40.0)
        self.assertEqual(talk.abused, 1)

    def test_piece_within_a_piece(self) -> None:
        """What is decrypted on the way, and whatever that takes, is charged once."""
        talk = SlowTalk(0.1)
        talk.limit()
        intake = talk.connection.intake
        share = intake._share
        assert share is not None
        before = share.left(talk.clock.seconds())
        intake.piece_came()
        talk.clock.rightNow += 0.2
        talk.hear(b"DONE\n")
        intake.piece_handled()
        spent = before - share.left(talk.clock.seconds())
        self.assertAlmostEqual(spent / 1_000_000, 0.3, places=2)

    def test_others_have_no_limit(self) -> None:
        """What is no link may take all the time there is, as a fast push does."""
        talk = SlowTalk(0.01)
        self.assertGreater(talk.flood(20.0), 1_000)
