"""Lines that come become messages of a session, or end the connection."""

from twisted.trial.unittest import SynchronousTestCase
from typing_extensions import override

from p2p_twisted.wire import limits
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Bye, Done, Error, Message
from p2p_twisted.wire.names import PeerAddress
from tests.wire.talking import Broken, Choosy, Notes, listening, said, talking


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
        talk.notes.unknown_verb_hint = "send a valid flag: P2P"
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
        talk.connection.hand_over(Choosy(talk.connection))
        self.assertEqual(said(talk.hear(b"DONE\nDONE\n")), [Error("say something else")])
        self.assertTrue(talk.pipe.is_ended)

    def test_address_that_is_nobodys(self) -> None:
        """A session that cannot use where a message comes from refuses it, too."""

        class Noting(Notes):
            @override
            def received(self, message: Message) -> None:
                PeerAddress("s2", self.connection.host, 9001)

        talk = listening("fe80::1%eth0")
        talk.connection.hand_over(Noting(talk.connection))
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
        talk.connection.hand_over(Broken(talk.connection))
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
        closing = Closing(talk.connection)
        talk.connection.hand_over(closing)
        self.assertEqual(talk.hear(b"DONE\nDONE\nGARBAGE\n"), b"BYE\r\n")
        self.assertEqual(closing.messages, [Done()])

    def test_session_passes_on(self) -> None:
        """The next message goes to the session that took over."""

        class First(Notes):
            def received(self, message: Message) -> None:
                self.connection.hand_over(talk.notes)

        talk = listening()
        talk.connection.hand_over(First(talk.connection))
        talk.hear(b"DONE\nBYE\n")
        self.assertEqual(talk.notes.messages, [Bye()])
