"""The line protocol: greeting, lines, faults and deadlines."""

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.task import Clock
from twisted.test.iosim import FakeTransport
from twisted.trial.unittest import SynchronousTestCase
from typing_extensions import override
from zope.interface.verify import verifyObject

from p2p_twisted.wire import limits
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Bye, Done, Error, Message, Ping, Pong
from p2p_twisted.wire.names import PeerAddress
from tests.wire.talking import (
    HELLO,
    HELLO_LINE,
    Broken,
    Choosy,
    Notes,
    Talk,
    dialing,
    listening,
    said,
    talking,
)

LINK = b'LINK {"why":"join","name":"s2","port":9001}\r\n'


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
        talk.connection.session = Choosy(talk.connection)
        self.assertEqual(talk.hear(HELLO_LINE), b"")
        self.assertEqual(talk.pipe.aborts, 1)

    def test_second_hello_is_a_message(self) -> None:
        """Only the first one greets."""
        talk = dialing()
        talk.hear(HELLO_LINE * 2)
        self.assertEqual(talk.notes.messages, [HELLO])

    def test_interfaces(self) -> None:
        """Twisted asks for half closes by interface."""
        verifyObject(IHalfCloseableProtocol, listening().connection)


class LineTests(SynchronousTestCase):
    """How lines become messages."""

    def test_endings_and_case(self) -> None:
        """Lines end with LF or CRLF; a verb may be in any case; blank lines are nothing."""
        talk = talking()
        talk.hear(b"done\nDone\r\n\r\n  \n  DONE  \r\nDONE {}\n")
        self.assertEqual(talk.notes.messages, [Done()] * 4)

    def test_unknown_fields(self) -> None:
        """They are of a later protocol, and ignored."""
        talk = talking()
        talk.hear(b'DONE {"later": {"a": [1, null]}}\n')
        self.assertEqual(talk.notes.messages, [Done()])

    def test_longest_line(self) -> None:
        """A line of 16,384 bytes is read."""
        talk = talking()
        padding = limits.LINE_BYTES - len(b'DONE {"x":""}')
        talk.hear(b'DONE {"x":"' + b"a" * padding + b'"}\n')
        self.assertEqual(talk.notes.messages, [Done()])

    def test_line_too_long(self) -> None:
        """One that is longer is refused, ended or not; nothing more is read or kept."""
        for line in (b"a" * (limits.LINE_BYTES + 1), b"a" * 100_000, b"a" * 17_000 + b"\nDONE\n"):
            talk = talking()
            answers = said(talk.hear(line))
            self.assertEqual(answers, [Error("a line may have at most 16384 bytes")])
            self.assertTrue(talk.pipe.is_ended)
            for _ in range(10):
                talk.hear(b"a" * 65_536)
            self.assertEqual(talk.connection.clearLineBuffer(), b"")

    def test_malformed(self) -> None:
        """A bad line is answered once, and nothing behind it is read."""
        talk = talking()
        answers = said(talk.hear(b'PING {"n":true}\nDONE\nPING {"n":true}\n'))
        self.assertEqual(answers, [Error("PING: Expected `int`, got `bool` - at `$.n`")])
        self.assertEqual(talk.notes.messages, [])
        self.assertTrue(talk.pipe.is_ended)

    def test_unknown_verbs(self) -> None:
        """Two are answered with how to go on, the third ends it."""
        talk = listening()
        talk.connection.hint = "send a valid flag: P2P"
        self.assertEqual(said(talk.hear(b"XYZ\n")), [Error("send a valid flag: P2P", "flag")])
        self.assertFalse(talk.pipe.is_ended)
        self.assertEqual(said(talk.hear(b"XYZ {}\n")), [Error("send a valid flag: P2P", "flag")])
        self.assertEqual(
            said(talk.hear(b"\xff\xfe\nXYZ\nDONE\n")), [Error("send a valid flag: P2P", "flag")]
        )
        self.assertTrue(talk.pipe.is_ended)
        self.assertEqual(talk.notes.messages, [])

    def test_unknown_verb_is_named(self) -> None:
        """Without a hint the answer quotes a little of it, printably."""
        (answer,) = said(listening().hear(b"\x1b[31m" + b"x" * 5_000 + b"\n"))
        self.assertEqual(answer, Error("unknown verb '\\x1b[31MXXXXXXXXXXXXXXX'", "flag"))

    def test_http_gets_no_answer(self) -> None:
        """A browser or scanner is closed at once."""
        for line in (
            b"GET / HTTP/1.1\r\nHost: a\r\n",
            b'POST /x HTTP/1.0\r\n\r\nP2P {"name":"a"}\n',
        ):
            talk = listening()
            self.assertEqual(talk.hear(line), b"")
            self.assertEqual(talk.pipe.aborts, 1)
            self.assertEqual(talk.notes.messages, [])

    def test_session_refuses(self) -> None:
        """A session's ProtocolError is one line, and the end."""
        talk = listening()
        talk.connection.session = Choosy(talk.connection)
        self.assertEqual(said(talk.hear(b"DONE\nDONE\n")), [Error("say something else")])
        self.assertTrue(talk.pipe.is_ended)

    def test_address_that_is_nobodys(self) -> None:
        """A session that cannot use where a message comes from refuses it, too."""

        class Noting(Notes):
            @override
            def received(self, message: Message) -> None:
                PeerAddress("s2", self.connection.host, 9001)

        talk = listening("fe80::1%eth0")
        talk.connection.session = Noting(talk.connection)
        self.assertEqual(
            said(talk.hear(b"DONE\n")), [Error("an address may not name an interface")]
        )

    def test_reason_is_printable(self) -> None:
        """Whatever a refusal quotes, it is sent as one printable line of bounded length."""
        talk = listening()
        talk.connection.refuse(ProtocolError("\x1b\n\ud800\u202e" + "x" * 1_000))
        (answer,) = said(talk.pipe.value())
        assert isinstance(answer, Error)
        self.assertEqual(answer.reason, "????" + "x" * 396)

    def test_mistake_of_ours(self) -> None:
        """A session that fails ends its own connection, and is logged once."""
        talk = listening()
        talk.connection.session = Broken(talk.connection)
        self.assertEqual(talk.hear(b"DONE\nDONE\n"), b"")
        self.assertEqual(talk.pipe.aborts, 1)
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)

    def test_session_closes(self) -> None:
        """A session that closes while it receives hears no more."""

        class Closing(Notes):
            def received(self, message: Message) -> None:
                super().received(message)
                self.connection.send(Bye())
                self.connection.close()

        talk = listening()
        talk.connection.session = closing = Closing(talk.connection)
        self.assertEqual(talk.hear(b"DONE\nDONE\nGARBAGE\n"), b"BYE\r\n")
        self.assertEqual(closing.messages, [Done()])

    def test_session_passes_on(self) -> None:
        """The next message goes to the session that took over."""

        class First(Notes):
            def received(self, message: Message) -> None:
                self.connection.session = talk.notes

        talk = listening()
        talk.connection.session = First(talk.connection)
        talk.hear(b"DONE\nBYE\n")
        self.assertEqual(talk.notes.messages, [Bye()])


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
        talk.connection.within(2)
        talk.clock.advance(1.5)
        talk.connection.within(2)
        talk.clock.advance(1.5)
        self.assertFalse(talk.pipe.is_ended)
        talk.connection.in_time()
        talk.clock.advance(10)
        self.assertFalse(talk.pipe.is_ended)
        talk.connection.within(2)
        talk.clock.advance(2)
        self.assertEqual(talk.pipe.aborts, 1)

    def test_no_timers_after_a_sudden_loss(self) -> None:
        """Whatever was going on when the connection broke."""
        talk = listening()
        talk.pipe.fill()
        talk.lose()
        talk.connection.keep_alive()
        self.assertEqual(talk.clock.getDelayedCalls(), [])

    def test_no_timers_left(self) -> None:
        """After the end nothing is scheduled, and nothing can be."""
        talk = talking()
        talk.connection.keep_alive()
        talk.connection.within(9)
        talk.pipe.fill()
        talk.connection.send(Done())
        talk.connection.close()
        talk.lose()
        talk.connection.within(9)
        talk.connection.keep_alive()
        talk.connection.abort()
        talk.connection.close()
        self.assertFalse(talk.connection.send(Done()))
        self.assertEqual(talk.clock.getDelayedCalls(), [])


class AliveTests(SynchronousTestCase):
    """Pings and what they find."""

    def test_one_ping_per_silence(self) -> None:
        """A ping after 5 s of silence; the end after 15."""
        talk = talking()
        talk.connection.keep_alive()
        self.assertEqual(talk.pass_time(4.5), b"")
        self.assertEqual(said(talk.pass_time(0.5)), [Ping(1)])
        self.assertEqual(talk.pass_time(9.5), b"")
        self.assertFalse(talk.pipe.is_ended)
        talk.pass_time(0.5)
        self.assertEqual(talk.pipe.aborts, 1)

    def test_any_byte_is_a_sign_of_life(self) -> None:
        """Half a line counts as well."""
        talk = talking()
        talk.connection.keep_alive()
        for _ in range(30):
            talk.hear(b"D")
            self.assertEqual(talk.pass_time(4.5), b"")
        self.assertFalse(talk.pipe.is_ended)

    def test_silence_begins_anew(self) -> None:
        """Each silence has its ping, 5 s after the last sign of life."""
        talk = talking()
        talk.connection.keep_alive()
        self.assertEqual(said(talk.pass_time(5.5)), [Ping(1)])
        talk.hear(b"\n")
        self.assertEqual(talk.pass_time(4.5), b"")
        self.assertEqual(said(talk.pass_time(0.5)), [Ping(2)])
        talk.pass_time(9.5)
        self.assertFalse(talk.pipe.is_ended)
        talk.pass_time(0.5)
        self.assertEqual(talk.pipe.aborts, 1)

    def test_round_trip(self) -> None:
        """The time that the last ping took, and before it the answer to the greeting."""
        talk = listening()
        self.assertIsNone(talk.connection.round_trip)
        talk.clock.advance(0.5)
        talk.hear(b"BYE\n")
        self.assertEqual(talk.connection.round_trip, 0.5)
        talk.connection.keep_alive()
        self.assertEqual(said(talk.pass_time(5)), [Ping(1)])
        talk.clock.advance(0.25)
        talk.hear(b'PONG {"n":7}\n')
        self.assertEqual(talk.connection.round_trip, 0.5)
        talk.hear(b'PONG {"n":1}\n')
        self.assertEqual(talk.connection.round_trip, 0.25)
        talk.clock.advance(3)
        talk.hear(b'PONG {"n":1}\n')
        self.assertEqual(talk.connection.round_trip, 0.25)

    def test_pings_are_answered(self) -> None:
        """With their number, and before the session has said anything."""
        talk = listening()
        self.assertEqual(said(talk.hear(b'PING {"n":7}\n')), [Pong(7)])
        self.assertFalse(talk.connection.has_talked)


class EndTests(SynchronousTestCase):
    """How it ends."""

    def test_lost_once(self) -> None:
        """The listener hears of the loss, then the session, once."""
        told = []
        talk = talking()
        talk.connection.ended = lambda connection: told.append(len(talk.notes.losses))
        talk.connection.abort()
        talk.connection.abort()
        talk.lose()
        self.assertEqual(told, [0])
        self.assertEqual(len(talk.notes.losses), 1)
        self.assertEqual(talk.pipe.aborts, 2)
        talk.connection.abort()
        self.assertEqual(talk.pipe.aborts, 2)

    def test_nothing_is_heard_after_the_end(self) -> None:
        """Bytes that were on their way are dropped."""
        for end in (Connection.abort, Connection.close):
            talk = talking()
            end(talk.connection)
            talk.hear(b"DONE\nXYZ\n")
            self.assertEqual(talk.notes.messages, [])
            self.assertEqual(talk.pipe.value(), b"")

    def test_aborted_while_dialing(self) -> None:
        """Who gave up a dial does not begin to talk when it succeeds after all."""
        for end in (Connection.abort, Connection.close):
            talk = Talk(None)
            end(talk.connection)
            self.assertFalse(talk.connection.is_open)
            talk.begin()
            talk.hear(HELLO_LINE)
            self.assertEqual((talk.pipe.aborts, talk.notes.hellos), (1, []))
            talk.lose()
            self.assertEqual(talk.clock.getDelayedCalls(), [])

    def test_last_line_without_its_ending(self) -> None:
        """A line that only the end of the input ends is a line."""
        talk = talking()
        talk.hear(b"DONE")
        self.assertNotIn(Done(), talk.notes.messages)
        talk.connection.readConnectionLost()
        self.assertIn(Done(), talk.notes.messages)

    def test_half_close(self) -> None:
        """Who has finished sending is closed, unless an answer is due."""
        talk = talking()
        talk.connection.readConnectionLost()
        self.assertTrue(talk.pipe.is_ended)
        talk = talking()
        talk.connection.answers_after_end = True
        talk.connection.readConnectionLost()
        self.assertFalse(talk.pipe.is_ended)
        self.assertTrue(talk.connection.send(Done()))

    def test_host_on_a_dual_socket(self) -> None:
        """An IPv4 address is one whatever the socket's family."""
        self.assertEqual(listening("::ffff:10.0.0.7").connection.host, "10.0.0.7")
        self.assertEqual(listening("::1").connection.host, "::1")
        self.assertEqual(listening().connection.local_host, "10.0.0.1")

    def test_lines_are_not_held_back(self) -> None:
        """A TCP transport is told to send short lines at once; others have no such thing."""
        delays: list[bool] = []

        class Tcp(FakeTransport):
            @override
            def setTcpNoDelay(self, enabled: bool) -> None:
                delays.append(enabled)

        connection = Connection(Clock())
        connection.makeConnection(Tcp(connection, False))
        self.assertEqual(delays, [True])
