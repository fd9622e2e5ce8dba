"""Pings find out whether the other side still lives, and how far away it is."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.wire import limits
from p2p_twisted.wire.messages import Error, Ping, Pong
from tests.wire.talking import HELLO_LINE, dialing, listening, said, talking


class AliveTests(SynchronousTestCase):
    """Pings and what they find."""

    def test_one_ping_per_silence(self) -> None:
        """A ping after 5 s of silence where we dialed; the end after 15."""
        talk = dialing()
        talk.hear(HELLO_LINE)
        talk.connection.keep_alive.start()
        self.assertEqual(talk.pass_time(4.5), b"")
        self.assertEqual(said(talk.pass_time(0.5)), [Ping(1)])
        self.assertEqual(talk.pass_time(9.5), b"")
        self.assertFalse(talk.pipe.is_ended)
        talk.pass_time(0.5)
        self.assertEqual(talk.pipe.aborts, 1)

    def test_by_turns(self) -> None:
        """Of the two that hear one silence, only one breaks it: not who did it last."""
        talk = talking()
        talk.connection.keep_alive.start()
        self.assertEqual(talk.pass_time(5.5), b"")
        self.assertEqual(said(talk.hear(b'PING {"n":1}\n')), [Pong(1)])
        self.assertEqual(talk.pass_time(4.5), b"")
        self.assertEqual(said(talk.pass_time(0.5)), [Ping(1)])
        talk.hear(b'PONG {"n":1}\n')
        self.assertEqual(talk.pass_time(5.5), b"")
        self.assertEqual(said(talk.pass_time(0.5)), [Ping(2)])

    def test_sleeps(self) -> None:
        """Having pinged, it looks again once the other side has had its turn, not before."""
        talk = dialing()
        talk.hear(HELLO_LINE)
        talk.connection.keep_alive.start()
        self.assertEqual(said(talk.pass_time(5)), [Ping(1)])
        talk.hear(b'PONG {"n":1}\n')
        self.assertEqual(min(call.getTime() for call in talk.clock.getDelayedCalls()), 11.0)

    def test_any_byte_is_a_sign_of_life(self) -> None:
        """Half a line counts as well."""
        talk = talking()
        talk.connection.keep_alive.start()
        for _ in range(30):
            talk.hear(b"D")
            self.assertEqual(talk.pass_time(4.5), b"")
        self.assertFalse(talk.pipe.is_ended)

    def test_too_many(self) -> None:
        """A connection that is kept busy with pings, or with answers to none, is closed."""
        for line in (b'PING {"n":1}\n', b'PONG {"n":1}\n'):
            talk = talking()
            talk.hear(line * limits.PINGS_BURST)
            for _ in range(600):
                talk.pass_time(1.0)
                talk.hear(line)
            self.assertFalse(talk.pipe.is_ended)
            self.assertEqual(said(talk.hear(line * 2))[-1], Error("pings come too often"))
            self.assertTrue(talk.pipe.is_ended)

    def test_silence_begins_anew(self) -> None:
        """Each silence has its ping, some seconds after the last sign of life."""
        talk = dialing()
        talk.hear(HELLO_LINE)
        talk.connection.keep_alive.start()
        self.assertEqual(said(talk.pass_time(5.5)), [Ping(1)])
        talk.hear(b"\n")
        self.assertEqual(talk.pass_time(5.5), b"")
        self.assertEqual(said(talk.pass_time(0.5)), [Ping(2)])
        talk.pass_time(8.5)
        self.assertFalse(talk.pipe.is_ended)
        talk.pass_time(0.5)
        self.assertEqual(talk.pipe.aborts, 1)

    def test_round_trip(self) -> None:
        """The time that the last ping took, and before it the answer to the greeting."""
        talk = listening()
        self.assertIsNone(talk.connection.keep_alive.round_trip)
        talk.clock.advance(0.5)
        talk.hear(b"BYE\n")
        self.assertEqual(talk.connection.keep_alive.round_trip, 0.5)
        talk.connection.keep_alive.start()
        self.assertEqual(said(talk.pass_time(6)), [Ping(1)])
        talk.clock.advance(0.25)
        talk.hear(b'PONG {"n":7}\n')
        self.assertEqual(talk.connection.keep_alive.round_trip, 0.5)
        talk.hear(b'PONG {"n":1}\n')
        self.assertEqual(talk.connection.keep_alive.round_trip, 0.25)
        talk.clock.advance(3)
        talk.hear(b'PONG {"n":1}\n')
        self.assertEqual(talk.connection.keep_alive.round_trip, 0.25)

    def test_overdue(self) -> None:
        """An answer to a ping takes less than two seconds; whatever comes is one."""
        talk = dialing()
        talk.hear(HELLO_LINE)
        alive = talk.connection.keep_alive
        alive.start()
        seen = [(talk.pass_time(0.5), alive.is_overdue)[1] for _ in range(14)]
        self.assertEqual(seen, [False] * 13 + [True])
        talk.hear(b"\n")
        self.assertFalse(alive.is_overdue)
        talk.pass_time(5)
        talk.hear(b'PONG {"n":2}\n')
        talk.pass_time(3)
        self.assertFalse(alive.is_overdue)

    def test_pings_are_answered(self) -> None:
        """With their number, and before the session has said anything."""
        talk = listening()
        self.assertEqual(said(talk.hear(b'PING {"n":7}\n')), [Pong(7)])
        self.assertFalse(talk.connection.gate.has_talked)
