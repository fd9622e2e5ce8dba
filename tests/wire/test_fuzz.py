"""Random and damaged lines: nothing escapes, nothing grows, little is answered."""

import gc
from random import Random

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.wire import limits
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.messages import (
    MESSAGES,
    Ask,
    Busy,
    Bye,
    Certified,
    Certify,
    Chunk,
    Done,
    Enroll,
    Error,
    Fetch,
    File,
    Gone,
    Gossip,
    Graft,
    Have,
    Hello,
    Hit,
    IHave,
    Invited,
    InviteRecord,
    Join,
    Leave,
    Link,
    Linked,
    Listed,
    ListRecords,
    MakeInvite,
    Meet,
    Meeting,
    MemberRecord,
    Message,
    Met,
    More,
    Offers,
    PeerRecord,
    Peers,
    Ping,
    Placed,
    Pong,
    Prefer,
    Prune,
    Push,
    Receipt,
    Refuse,
    Relay,
    Renew,
    Report,
    Revoked,
    Send,
    Tally,
    Told,
    Void,
    Want,
    Welcome,
    Whole,
    Wholes,
)
from p2p_twisted.wire.names import PeerAddress
from tests.wire.talking import HELLO, HELLO_LINE, Notes, Talk, listening
from tests.wire.writing import ID

S2 = PeerAddress("s2", "127.0.0.1", 9001)
EXAMPLES: list[Message] = [
    *[HELLO, Error("no"), Bye("slow", (S2,)), Ping(1), Pong(1), Join("s1")],
    Renew("s1", ID, dial=True),
    *[Welcome("s1", "127.0.0.1", 9000, 60.0, ID, (S2,)), Leave("s1", ID), Report(S2)],
    *[Link("join", "s1", 9000), Linked((S2,)), Busy((S2,)), Peers("s1", 9000, (S2,))],
    *[Gossip(ID, "stop", "s1", 0.5, 20.0), IHave((ID, ID)), Graft((ID,)), Prune()],
    Ask(ID, "name", "f1"),
    Told(ID, (PeerRecord("s1", ("s2", "s3")),), (Hit("s1", "a/b.txt", 1, file=ID * 2),)),
    *[Want(ID, ID * 2, "s1", "127.0.0.1", 9000, ("s2",)), Refuse(ID, "no"), File(ID, 20)],
    *[Refuse(ID, "no", dial=S2), Fetch(ID)],
    *[Want(ID, ID * 2, "s1", "127.0.0.1", 9000, ("s2",), closed=True)],
    *[Relay("s1", "s2"), Placed(ID), Meet("s2", ID), Met()],
    Want(ID, ID * 2, "s1", "127.0.0.1", 9000, ("s2",), relay=Meeting(S2, ID)),
    Told(ID, hits=(Hit("s1", "a", 1, file=ID * 2, closed=True),)),
    Told(ID, tally=Tally(saved=2, received=9), receipts=(Receipt("s1", "no space", 4, 0.5, "x"),)),
    *[Push(ID, ID * 2, 2**30, True, True), Send(((0, 5), (7, 1))), Chunk(0, 2_000), Done()],
    Prefer(((7, 1), (0, 2))),
    Have(((0, 5), (7, 1))),
    Enroll("s1", "0" * 20, "MIIB"),
    *[Void("3f2a91bc"), ListRecords("members", "anna")],
    Listed((MemberRecord("anna", 2.0, True, ("lab",)),), (InviteRecord("3f2a91bc", 1, 2.0),), 7),
    *[MakeInvite(10, 3_600, groups=("lab",)), Invited(f"p2p1-{'a' * 45}@127.0.0.1:9011")],
    Revoked("0" * 64, ("a.b.c.d",)),
    Offers((ID,), (ID,), ("a.b.c.d",)),
    *[Certify("MIIB"), Certified(("MIIB", "MIIC", "MIID"))],
    *[More((ID * 2, ID * 2)), Whole(ID * 2, 2_000), Gone(ID * 2)],
    *[More((ID * 2,), together=True), Wholes((ID * 2, "f" * 64), (0, 2_000))],
]
LINES = [encode(message) for message in EXAMPLES]
# What parsers trip over.
TOKENS = [
    *[
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b",",
        b":",
        b"\\",
        b"\\u",
        b"\\ud800",
        b"null",
        b"true",
        b"NaN",
    ],
    *[b"-", b"1e999", b"0.0", b"9" * 400, b"\x00", b"\xff", b"\xc0\x80", b"\xef\xbb\xbf", b"\r"],
    *[b" ", b"[" * 5_000, b'{"a":' * 1_000, b"../", b"127.1", b"\xe2\x80\xae", b" HTTP/1.1"],
]


class Counting(Notes):
    """A session that counts, and expects raw bytes where messages announce them."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.count = 0

    def greeted(self, hello: Hello) -> None:
        self.count += 1

    def received(self, message: Message) -> None:
        self.count += 1
        match message:
            case Chunk(length=length) | File(size=length) | Whole(size=length):
                self.connection.input.expect_raw(length, self.take)
            case Wholes(sizes=sizes):
                self.connection.input.expect_raw(sum(sizes), self.take)
            case Bye():
                self.connection.close()

    def take(self, piece: bytes) -> None:
        self.count += 1


def damaged(rng: Random, line: bytes) -> bytes:
    """Damage a line in one to three places."""
    damaged_line = bytearray(line)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(damaged_line) + 1)
        end = at + rng.choice([0, 0, 1, 2, 30])
        damaged_line[at:end] = rng.choice(
            [b"", rng.choice(TOKENS), rng.randbytes(rng.randint(1, 4))]
        )
    return bytes(damaged_line)


def something(rng: Random) -> bytes:
    """Make something to send, most of it nearly right."""
    choice = rng.random()
    if choice < 0.4:
        return rng.choice(LINES)
    if choice < 0.9:
        return damaged(rng, rng.choice(LINES))
    if choice < 0.99:
        return rng.randbytes(rng.randint(0, 200)) + b"\n"
    return rng.choice([b"a", b"\n", b"[", b'PING {"n":1}\n']) * rng.choice([100, 100, 100, 20_000])


class FuzzTests(SynchronousTestCase):
    """What anybody may send."""

    def converse(self, rng: Random) -> int:
        """Send one connection much, and tell how many lines it was."""
        talk = listening() if rng.random() < 0.7 else Talk(None).begin()
        talk.connection.hand_over(Counting(talk.connection))
        # Most are damaged so much that they end the connection: so there are few on each.
        sent = [HELLO_LINE] if rng.random() < 0.9 else []
        sent += [something(rng) for _ in range(rng.randint(1, 6))]
        received = b"".join(sent)
        size = rng.choice([40, 500, 5_000, 65_536] if len(received) > 2_000 else [1, 40, 500])
        answered = 0
        for start in range(0, len(received), size):
            answered += len(talk.hear(received[start : start + size]))
            self.assertLessEqual(len(talk.connection._buffer), limits.LINE_BYTES + 1)
        self.assertLessEqual(answered, 1.25 * sum(map(len, sent)) + 2_000)
        talk.clock.advance(limits.FIRST_LINE_SECONDS)
        talk.connection.abort()
        talk.lose()
        self.assertEqual(talk.clock.getDelayedCalls(), [])
        return len(sent)

    def test_examples_have_every_verb(self) -> None:
        """Every message is damaged."""
        self.assertEqual({message.verb for message in EXAMPLES}, set(MESSAGES))

    def test_some(self) -> None:
        """A few thousand lines."""
        rng = Random(1)
        self.assertGreater(sum(self.converse(rng) for _ in range(1_000)), 3_500)

    @pytest.mark.slow
    def test_many(self) -> None:
        """A hundred thousand lines; memory stays flat."""
        rng = Random()
        seed = rng.getrandbits(64)
        rng.seed(seed)
        objects = []
        for _ in range(2):
            lines = 0
            while lines < 50_000:
                lines += self.converse(rng)
            gc.collect()
            objects.append(len(gc.get_objects()))
        self.assertLess(objects[1] - objects[0], 500, f"seed {seed}")
