"""The holder's side."""

from collections import Counter
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.bandwidth.limiter import Bandwidth
from p2p_twisted.bandwidth.limits import PUSHES_AT_ONCE
from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.upload.limits import UPLOAD_GIVEN_UP_SECONDS, UPLOAD_TURN_SECONDS
from p2p_twisted.wire.codec import decode, encode
from p2p_twisted.wire.limits import LINK_FILE_BYTES, MIB
from p2p_twisted.wire.messages import PROTOCOL, Chunk, Done, Hello, Push, Send, Want
from tests.download.wires import Stranger, Wires
from tests.download.world import Content, make_uploads, some_bytes

HELLO = Hello(PROTOCOL, "peer", "me", "default")


class Greeter(Stranger):
    """A listener that greets as it is told."""

    def __init__(self, greeting: bytes) -> None:
        super().__init__()
        self.greeting = greeting

    def connectionMade(self) -> None:
        self.say(self.greeting)


class UploadsTests(SynchronousTestCase):
    """Which requesters a holder serves, and how."""

    def setUp(self) -> None:
        self.wires = Wires()
        self.content = Content(some_bytes(3 * MIB + 10))
        self.refused: list[str] = []
        self.requesters: dict[int, Greeter] = {}
        self.bandwidth = Bandwidth(self.wires)
        self.uploads = make_uploads(self.wires, self.open, bandwidth=self.bandwidth)
        self.numbers = 0
        self.opened = 0

    def tearDown(self) -> None:
        stopped = Deferred.fromCoroutine(self.uploads.stop())
        self.wires.settle()
        self.successResultOf(stopped)

    def open(self, file_id: str) -> Content | None:
        self.opened += 1
        return self.content if file_id == self.content.file_id else None

    def listen(
        self, greeting: bytes = encode(HELLO), host: str = "127.0.0.1", port: int = 9000
    ) -> Greeter:
        greeter = Greeter(greeting)
        self.wires.listeners[host, port] = lambda: greeter
        return greeter

    def want(self, **changed: Any) -> Want:
        self.numbers += 1
        fields = {"file": self.content.file_id, "name": "me", "host": "127.0.0.1", "port": 9000}
        return Want(f"{self.numbers:032x}", **{**fields, **changed})

    def refuse(self, reason: str, gone: bool = False, fetch: bool = False) -> None:
        self.refused.append(reason)
        self.is_to_fetch = fetch

    def serve(self, want: Want, link: Any = None) -> None:
        self.uploads.serve(want, link, self.refuse)
        self.wires.settle()

    def test_serves(self) -> None:
        """It announces the file, sends its digests, and then exactly the requested chunks."""
        requester = self.listen()
        want = self.want()
        self.serve(want)
        push = encode(Push(want.ticket, self.content.file_id, self.content.size))
        self.assertEqual(requester.received, push + self.content.digests)
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
        """After four failed dials within a minute, no fifth is made."""
        for _ in range(6):
            self.serve(self.want(host="10.0.0.1", port=9000 + self.numbers))
        self.assertEqual(len(self.wires.dialed), 4)
        self.assertEqual(len(self.refused), 6)
        self.serve(self.want(host="10.0.0.2"))
        self.assertEqual(len(self.wires.dialed), 5)
        self.wires.advance(60)
        self.serve(self.want(host="10.0.0.1"))
        self.assertEqual(len(self.wires.dialed), 6)

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

    def test_not_shared(self) -> None:
        """What is not shared is refused, without a dial."""
        self.serve(self.want(file="f" * 64))
        self.assertEqual((self.wires.dialed, len(self.refused)), ([], 1))

    def serve_others(self, *numbers: int) -> None:
        """Have as many requesters ask, each under a name and at a port of its own."""
        for number in numbers:
            hello = Hello(PROTOCOL, "peer", f"p{number}", "default")
            self.requesters[number] = self.listen(encode(hello), port=2000 + number)
            self.serve(self.want(name=f"p{number}", port=2000 + number))

    def served(self) -> "Counter[str]":
        return Counter(upload.requester for upload in self.uploads.all())

    def test_busy(self) -> None:
        """The number of pushes at once is bounded; further requesters are told to go elsewhere."""
        self.serve_others(*range(PUSHES_AT_ONCE + 1))
        self.assertEqual(self.refused, ["busy"])

    def test_busy_opens_nothing(self) -> None:
        """What cannot be served anyway is not looked up, still less opened."""
        self.serve_others(*range(PUSHES_AT_ONCE))
        opened = self.opened
        self.serve(self.want())
        self.serve(self.want(host="10.9.9.9"))
        self.assertEqual((self.opened, len(self.refused)), (opened, 2))

    def test_one_requester(self) -> None:
        """One requester has what is free but for the last place, and a share where others come."""
        self.wires.listeners["127.0.0.1", 9000] = lambda: Greeter(encode(HELLO))
        for _ in range(PUSHES_AT_ONCE):
            self.serve(self.want())
        self.assertEqual(self.refused, ["busy"])
        self.serve_others(*range(PUSHES_AT_ONCE - 8))
        self.assertEqual(self.refused, ["busy"])
        self.assertEqual(self.served()["me"], 8)
        self.serve_others(99)
        self.assertEqual((self.served()["me"], self.served()["p99"]), (8, 0))

    def test_one_host(self) -> None:
        """The names of one host count as one requester, and so do the addresses of a /64."""
        for number in range(PUSHES_AT_ONCE):
            hello = encode(Hello(PROTOCOL, "peer", f"p{number}", "default"))
            host = f"2001:db8::{number + 1:x}"
            self.listen(hello, host, 9000)
            self.serve(self.want(name=f"p{number}", host=host))
        self.assertEqual(self.refused, ["busy"])

    def test_slowest_makes_room(self) -> None:
        """Of many requesters the slowest is given up for another one: not at once, and seldom."""
        self.serve_others(*range(PUSHES_AT_ONCE))
        for number in range(1, PUSHES_AT_ONCE):
            self.requesters[number].say(Send(((0, 1),)))
        self.wires.pass_time(UPLOAD_TURN_SECONDS)
        self.serve_others(50)
        self.assertTrue(self.requesters[0].is_lost)
        self.serve_others(51)
        self.assertEqual(self.refused, ["busy"])
        self.wires.pass_time(UPLOAD_GIVEN_UP_SECONDS)
        self.serve_others(52)
        self.assertEqual((self.served()["p52"], len(self.served())), (1, PUSHES_AT_ONCE))

    def test_dropped_at_once(self) -> None:
        """Where the requester's listener drops the push unheard, the requester may dial instead."""
        requester = self.listen()
        self.serve(self.want())
        self.assertEqual(self.refused, [])
        assert requester.transport is not None
        requester.transport.loseConnection()
        self.wires.settle()
        self.assertEqual(self.refused, ["127.0.0.1 ends connections at once"])
        self.assertTrue(self.is_to_fetch)

    def test_lazy_requester(self) -> None:
        """A requester that asks for nothing for half a minute is given up."""
        requester = self.listen()
        self.serve(self.want())
        self.wires.pass_time(29)
        self.assertFalse(requester.is_lost)
        self.wires.pass_time(1)
        self.assertTrue(requester.is_lost)
        self.assertTrue(self.content.is_closed)

    def test_greedy_requester(self) -> None:
        """Chunks that do not exist, and too many at once, are refused."""
        for sends in ([Send(((4, 1),))], [Send(((0, 2**20),))], [Send(((0, 4),) * 64)] * 5):
            requester = self.listen()
            self.serve(self.want())
            requester.received = b""
            requester.say(*sends)
            self.wires.settle()
            self.assertTrue(requester.is_lost)
            self.assertLess(len(requester.received), 4 * MIB)

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
            self.assertTrue(encode(Chunk(index, len(chunk))) + chunk in requester.received)

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
