"""The holder's side."""

from attrs import evolve
from twisted.internet.defer import Deferred

from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.upload.small_sender import STILL_LOOKING
from p2p_twisted.wire.codec import decode, encode
from p2p_twisted.wire.limits import LINK_FILE_BYTES, MIB
from p2p_twisted.wire.messages import (
    PROTOCOL,
    Chunk,
    Done,
    Hello,
    Meet,
    Meeting,
    Prefer,
    Push,
    Send,
)
from p2p_twisted.wire.names import PeerAddress
from tests.download.content import Content, some_bytes
from tests.download.holding import make_uploads
from tests.upload.cases import HELLO, UploadsCase

TOKEN = "7" * 32


class UploadsTests(UploadsCase):
    """Which requesters a holder serves, and how."""

    def test_serves(self) -> None:
        """It announces the file, sends its digests, and then exactly the requested chunks."""
        requester = self.listen()
        want = self.want()
        self.serve(want)
        push = Push(want.ticket, self.content.file_id, self.content.size, reorders=True)
        self.assertEqual(requester.received, encode(push) + self.content.digests)
        requester.received = b""
        requester.say(Send(((3, 1), (0, 1))), Send(((2, 1),)))
        self.wires.settle()
        chunks = [self.content.content[i * MIB : (i + 1) * MIB] for i in range(4)]
        expected = b"".join(encode(Chunk(i, len(chunks[i]))) + chunks[i] for i in (3, 0, 2))
        self.assertEqual(requester.received, expected)
        requester.say(Done())
        self.wires.settle()
        self.assertTrue(requester.is_lost)
        self.assertTrue(self.content.is_closed)

    def test_first(self) -> None:
        """A requester for whose user something is late is sent that next."""
        self.content = Content(some_bytes(4 * MIB))
        self.bandwidth.limit(Rates(up=MIB))
        requester = self.listen()
        self.serve(self.want())
        requester.received = b""
        requester.say(Send(((0, 3),)))
        self.wires.pass_time(0.5, 0.1)
        requester.say(Send(((3, 1),)), Prefer(((3, 1), (2, 1))))
        self.wires.pass_time(6.0, 0.1)
        lines = [b'CHUNK {"index":%d,' % index for index in (0, 3, 2, 1)]
        at = [requester.received.index(line) for line in lines]
        self.assertEqual(at, sorted(at))

    def test_one_uplink(self) -> None:
        """Requesters that share an uplink help each other, even if they begin together."""
        self.content = Content(some_bytes(8 * MIB))
        self.assertNotIn(b"HAVE", self.heard_by_two("127.0.0.1"))
        self.assertIn(b"HAVE", self.heard_by_two("10.0.0.1"))
        self.bandwidth.limit(Rates(up=MIB))
        self.assertIn(b"HAVE", self.heard_by_two("127.0.0.1"))

    def heard_by_two(self, host: str) -> bytes:
        """Serve two at once; return what they are offered."""
        requesters = []
        for port in (9000, 9001):
            requesters.append(self.listen(host=host, port=port))
            self.uploads.serve(self.want(host=host, port=port), None, self.refuse)
        self.wires.pass_time(1.0, 0.1)
        for requester in requesters:
            requester.say(Done())
        self.wires.pass_time(1.0, 0.1)
        return b"".join(requester.received for requester in requesters)

    def test_strangers_get_no_byte(self) -> None:
        """A peer that does not greet as the requester is sent nothing."""
        for greeting in (
            encode(Hello(PROTOCOL, "peer", "other", "default")),
            encode(Hello(PROTOCOL, "peer", "me", "elsewhere")),
            encode(Hello(PROTOCOL, "registry", "me", "default")),
            b"220 mail.example ESMTP\r\n",
            b"-ERR\r\n" * 1000,
        ):
            self.wires.advance(61)
            stranger = self.listen(greeting)
            self.serve(self.want())
            self.assertEqual(stranger.received, b"")
            self.assertTrue(stranger.is_lost)
            self.assertTrue(self.content.is_closed)

    def test_silent_listener(self) -> None:
        """A connection without a greeting is closed after 5 s."""
        stranger = self.listen(b"")
        self.serve(self.want())
        self.wires.pass_time(5)
        self.assertEqual((stranger.received, stranger.is_lost), (b"", True))

    def test_failing_dials(self) -> None:
        """After twelve failed dials within a minute, no other is made."""
        for _ in range(14):
            self.serve(self.want(host="10.0.0.1", port=9000 + self.numbers))
        self.assertEqual(len(self.wires.dialed), 12)
        self.assertEqual(len(self.refused), 14)
        self.serve(self.want(host="10.0.0.2"))
        self.assertEqual(len(self.wires.dialed), 13)
        self.wires.advance(60)
        self.serve(self.want(host="10.0.0.1"))
        self.assertEqual(len(self.wires.dialed), 14)

    def test_good_dials_are_free(self) -> None:
        """Requesters that answer are served as often as they want."""
        for _ in range(10):
            requester = self.listen()
            self.serve(self.want())
            requester.say(Done())
            self.wires.settle()
        self.assertEqual((len(self.wires.dialed), self.refused), (10, []))

    def test_one_dial_per_ticket(self) -> None:
        """A repeated request is served once."""
        want = self.want()
        self.serve(want)
        self.serve(want)
        self.assertEqual(len(self.wires.dialed), 1)

    def test_forbidden_hosts(self) -> None:
        """Forbidden hosts are not dialed."""
        self.serve(self.want(host="10.9.9.9"))
        self.assertEqual((self.wires.dialed, len(self.refused)), ([], 1))

    def test_forbidden_relays(self) -> None:
        """Nor are relays there; what a relay is dialed for counts as a dial to it."""
        self.serve(self.want(relay=Meeting(PeerAddress("s7", "10.9.9.9", 9007), TOKEN)))
        self.assertEqual((self.wires.dialed, len(self.refused)), ([], 1))
        relay = Meeting(PeerAddress("s7", "10.0.0.7", 9007), TOKEN)
        for _ in range(14):
            self.serve(self.want(relay=relay))
        self.assertEqual(self.wires.dialed, 12 * [("10.0.0.7", 9007)])
        self.assertTrue(self.is_to_fetch)

    def test_no_relay(self) -> None:
        """Whoever does not greet as the relay is sent nothing; the relay is told a token alone."""
        relay = Meeting(PeerAddress("s7", "10.0.0.7", 9007), TOKEN)
        for name, heard in ("s8", b""), ("s7", encode(Meet("s1", TOKEN))):
            stranger = self.listen(encode(evolve(HELLO, name=name)), "10.0.0.7", 9007, name)
            self.serve(self.want(relay=relay))
            self.assertEqual(stranger.received, heard)

    def test_not_shared(self) -> None:
        """What is not shared is refused, without a dial."""
        self.serve(self.want(file="f" * 64))
        self.assertEqual((self.wires.dialed, len(self.refused)), ([], 1))

    def test_changed_source(self) -> None:
        """Changed content is not sent, and the requester is told."""
        requester = self.listen()
        self.serve(self.want())
        requester.received = b""
        self.content.is_changed = True
        requester.say(Send(((0, 1),)))
        self.wires.settle()
        self.assertTrue(requester.is_lost)
        self.assertNotIn(self.content.content[:100], requester.received)
        self.assertTrue(self.content.is_closed)

    def test_on_a_link(self) -> None:
        """A neighbor gets small files on the link, large ones by a push."""
        link = FakeLink()
        self.content = Content(some_bytes(LINK_FILE_BYTES))
        self.serve(self.want(), link)
        line, content = link.sent.split(b"\n", 1)
        self.assertEqual(decode(line).verb, "FILE")
        self.assertEqual(content, self.content.content)
        self.assertEqual(self.wires.dialed, [])
        self.assertTrue(self.content.is_closed)
        self.content = Content(some_bytes(LINK_FILE_BYTES + 1))
        self.serve(self.want(), link)
        self.assertEqual(len(self.wires.dialed), 1)

    def test_limited(self) -> None:
        """The rate is kept; a small file that the rate does not allow on a link is pushed."""
        self.bandwidth.limit(Rates(up=MIB))
        requester = self.listen()
        self.serve(self.want())
        requester.say(Send(((0, 4),)))
        self.wires.settle()
        self.assertLess(len(requester.received), MIB // 4)
        link = FakeLink()
        whole, self.content = self.content, Content(b"small")
        self.serve(self.want(port=9001), link)
        self.assertEqual((link.sent, len(self.wires.dialed)), (b"", 2))
        self.wires.pass_time(1.0, 0.01)
        self.assertApproximates(len(requester.received), MIB, MIB // 4)
        self.bandwidth.limit(Rates())
        self.wires.settle()
        self.wires.settle()
        for index in range(4):
            chunk = whole.content[index * MIB : (index + 1) * MIB]
            # What it says of its limit stands between the two.
            announced = encode(Chunk(index, len(chunk))).rstrip(b"}\r\n")
            self.assertTrue(announced in requester.received)
            self.assertTrue(b"}\r\n" + chunk in requester.received)
        self.assertTrue(b'"held":{"by":"limit"' in requester.received)

    def test_lost_in_a_pause(self) -> None:
        """Nothing is sent to a requester that is gone."""
        self.bandwidth.limit(Rates(up=MIB))
        requester = self.listen()
        self.serve(self.want())
        requester.say(Send(((0, 4),)))
        self.wires.settle()
        assert requester.transport is not None
        requester.transport.loseConnection()
        self.wires.settle()
        self.assertTrue(self.content.is_closed)
        self.assertEqual(self.wires.getDelayedCalls(), [])

    def test_stop(self) -> None:
        """Stopping aborts all pushes."""
        requester = self.listen()
        self.serve(self.want())
        done = Deferred.fromCoroutine(self.uploads.stop())
        self.wires.settle()
        self.successResultOf(done)
        self.assertTrue(requester.is_lost)
        self.assertTrue(self.content.is_closed)

    def test_want_after_stop(self) -> None:
        """Once it stops, no request is served, and requesters can go elsewhere at once."""
        self.successResultOf(Deferred.fromCoroutine(self.uploads.stop()))
        self.serve(self.want())
        self.assertEqual(self.refused, ["it is stopping"])
        self.assertEqual(self.wires.dialed, [])


class FakeLink:
    """A link that is only written to."""

    def __init__(self) -> None:
        self.sent = b""

    def send_raw(self, piece: bytes) -> bool:
        self.sent += piece
        return True


class StartTests(UploadsCase):
    def test_not_looked_at_yet(self) -> None:
        """What a peer does not find is gone for good only once it has seen all its files."""
        for is_settled in (False, True):
            uploads = make_uploads(self.dialer(), lambda _id: None, is_settled=is_settled)
            uploads.serve(self.want(), None, self.refuse)
            self.wires.settle()
            why = "it is not shared here any more" if is_settled else STILL_LOOKING
            self.assertEqual(self.refused.pop(), why)
            self.assertEqual(self.is_gone, is_settled)
