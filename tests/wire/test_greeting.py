"""Who speaks first on a connection, and who gets no word."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.wire import limits
from p2p_twisted.wire.messages import Done
from tests.wire.talking import HELLO, HELLO_LINE, Choosy, Talk, dialing


class GreetingTests(SynchronousTestCase):
    """Who speaks first."""

    def test_listener_greets(self) -> None:
        """A listener's first line is its HELLO."""
        talk = Talk()
        talk.connection.makeConnection(talk.pipe)
        self.assertEqual(talk.pipe.value(), HELLO_LINE)

    def test_dialer_waits(self) -> None:
        """A dialer is silent until it was greeted, and then its session is told."""
        talk = dialing()
        self.assertFalse(talk.connection.send(Done()))
        self.assertEqual(talk.hear(b""), b"")
        talk.hear(HELLO_LINE)
        self.assertEqual(talk.notes.hellos, [HELLO])
        self.assertTrue(talk.connection.send(Done()))
        self.assertEqual(talk.pipe.value(), b"DONE\r\n")

    def test_strangers_get_no_byte(self) -> None:
        """What does not greet is closed at once, and hears nothing from a dialer."""
        for banner in (
            b'PING {"n":1}\n',
            b"DONE\n",
            b"220 mail.example.org ESMTP\r\n",
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            b"SSH-2.0-OpenSSH_9.6\r\n",
            b"-ERR unknown command\r\n",
            b"HELLO {}\n",
            b'HELLO {"protocol":1,"role":"nobody","name":"s1","network":"default"}\n',
            b"\x16\x03\x01\x02\x00\n",
            b"\xff" * (limits.LINE_BYTES + 2),
        ):
            talk = dialing()
            self.assertEqual(talk.hear(banner), b"", banner[:20])
            self.assertTrue(talk.pipe.is_ended, banner[:20])
            self.assertEqual(talk.notes.messages, [])

    def test_wrong_peer_gets_no_byte(self) -> None:
        """A session that refuses who greets sends nothing to it."""
        talk = dialing()
        talk.connection.hand_over(Choosy(talk.connection))
        self.assertEqual(talk.hear(HELLO_LINE), b"")
        self.assertEqual(talk.pipe.aborts, 1)

    def test_second_hello_is_a_message(self) -> None:
        """Only the first one greets."""
        talk = dialing()
        talk.hear(HELLO_LINE * 2)
        self.assertEqual(talk.notes.messages, [HELLO])
