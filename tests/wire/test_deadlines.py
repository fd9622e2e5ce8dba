"""No connection waits for ever, and no timer outlives it."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.wire.messages import Done
from tests.wire.talking import dialing, listening, talking


class DeadlineTests(SynchronousTestCase):
    """Nobody waits for ever."""

    def test_first_line(self) -> None:
        """Trickled bytes, blank lines, pings and unknown verbs do not put off the deadline."""
        for make, trickle in (
            (listening, b"P"),
            (listening, b"\n"),
            (listening, b'PING {"n":1}\n'),
            (listening, b'PONG {"n":1}\n'),
            (dialing, b"H"),
            (dialing, b"\n"),
        ):
            talk = make()
            for _ in range(9):
                talk.hear(trickle)
                talk.clock.advance(0.5)
            self.assertFalse(talk.pipe.is_ended, trickle)
            talk.clock.advance(0.5)
            self.assertEqual(talk.pipe.aborts, 1, trickle)

    def test_first_message_lifts_it(self) -> None:
        """After it the session watches the time."""
        talk = listening()
        talk.hear(b"DONE\n")
        talk.clock.advance(1_000)
        self.assertFalse(talk.pipe.is_ended)

    def test_within(self) -> None:
        """A session's deadline replaces the one before, and can be lifted."""
        talk = talking()
        talk.connection.set_deadline(2)
        talk.clock.advance(1.5)
        talk.connection.set_deadline(2)
        talk.clock.advance(1.5)
        self.assertFalse(talk.pipe.is_ended)
        talk.connection.clear_deadline()
        talk.clock.advance(10)
        self.assertFalse(talk.pipe.is_ended)
        talk.connection.set_deadline(2)
        talk.clock.advance(2)
        self.assertEqual(talk.pipe.aborts, 1)

    def test_no_timers_after_a_sudden_loss(self) -> None:
        """Whatever was going on when the connection broke."""
        talk = listening()
        talk.pipe.fill()
        talk.lose()
        talk.connection.keep_alive.start()
        self.assertEqual(talk.clock.getDelayedCalls(), [])

    def test_no_timers_left(self) -> None:
        """After the end nothing is scheduled, and nothing can be."""
        talk = talking()
        talk.connection.keep_alive.start()
        talk.connection.set_deadline(9)
        talk.pipe.fill()
        talk.connection.send(Done())
        talk.connection.close()
        talk.lose()
        talk.connection.set_deadline(9)
        talk.connection.keep_alive.start()
        talk.connection.abort()
        talk.connection.close()
        self.assertFalse(talk.connection.send(Done()))
        self.assertEqual(talk.clock.getDelayedCalls(), [])
