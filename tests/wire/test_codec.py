"""Messages and their lines: what goes out comes in, and fits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2p_twisted.wire import codec, limits
from p2p_twisted.wire.codec import LineTooLong, Unsendable, decode, encode, packed, printable
from p2p_twisted.wire.messages import (
    MESSAGES,
    Ask,
    Bye,
    Done,
    Gossip,
    Hit,
    IHave,
    Join,
    Message,
    PeerRecord,
    Ping,
    Renew,
    Send,
    Told,
    Welcome,
)
from p2p_twisted.wire.names import PeerAddress
from tests.wire.generating import instances
from tests.wire.writing import ID


@pytest.mark.parametrize("kind", MESSAGES.values(), ids=list(MESSAGES))
def test_round_trip(kind: type[Message]) -> None:
    """Every message comes back from its line as it was."""

    @given(message=instances(kind))
    @settings(max_examples=40, deadline=None)
    def comes_back(message: Message) -> None:
        line = encode(message)
        assert line.endswith(b"\r\n")
        assert line.count(b"\n") == 1
        assert len(line) <= limits.LINE_BYTES
        assert decode(line) == message
        assert decode(line[:-2]) == message

    comes_back()


def test_forms() -> None:
    """Verbs are in any case, a bare verb has no fields, unknown fields are ignored."""
    for sent in (b"done", b"Done {}", b"DONE {}\r\n", b" done \r", b'DONE  {"a":{"b":[null]}}'):
        assert decode(sent) == Done()
    assert decode(b"p2p") == Join()
    assert decode(b'p2p {"name":"S9"}') == Join("S9")
    assert decode(b'PING {"n":1,"n":2}') == Ping(2)
    assert decode(
        b'GOSSIP {"id":"%s","kind":"a","origin":"s","age":1,"life":2e0}' % ID.encode()
    ) == (Gossip(ID, "a", "s", 1.0, 2.0))


def test_defaults_are_left_out() -> None:
    """A line has only what differs from the defaults; all but addresses in the order of a class."""
    assert encode(Bye()) == b"BYE\r\n"
    assert encode(Join("s1", advertise="::1")) == b'P2P {"name":"s1","advertise":"::1"}\r\n'
    welcome = Welcome("s1", "127.0.0.1", 9000, 60.0, ID, (PeerAddress("s2", "::1", 9001),))
    assert encode(welcome).decode() == (
        'WELCOME {"name":"s1","host":"127.0.0.1","port":9000,"lease":60.0,'
        f'"token":"{ID}","referrals":[{{"host":"::1","name":"s2","port":9001}}]}}\r\n'
    )


@pytest.mark.parametrize(
    "message",
    [
        *[
            Ping(-1),
            Ping(2**53),
            Ping(2**70),
            Gossip(ID, "stop", "s1", float("nan"), 1.0),
            Ask(ID, "text", "\ud800"),
        ],
        *[Ask(ID, "name", "a" * 1_025), IHave((ID,) * 201), Send(())],
    ],
    ids=repr,
)
def test_unsendable(message: Message) -> None:
    """What nobody would accept is found by its sender."""
    with pytest.raises(Unsendable):
        encode(message)


def test_not_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a registry welcomes each peer with was checked before, and is not read again."""
    read: list[bytes] = []
    monkeypatch.setattr(codec, "decode", read.append)
    encode(Welcome("s1", "127.0.0.1", 9000, 60.0, ID))
    assert not read
    encode(Renew("s1", ID))
    assert len(read) == 1


def test_line_too_long() -> None:
    """A line has at most 16,384 bytes, its ending included."""
    record = PeerRecord("x" * 31)
    one, two = (len(encode(Told(ID, peers=(record,) * count))) for count in (1, 2))
    most = 1 + (limits.LINE_BYTES - one) // (two - one)
    size = len(encode(Told(ID, peers=(record,) * most)))
    assert limits.LINE_BYTES - (two - one) < size <= limits.LINE_BYTES
    with pytest.raises(LineTooLong) as fault:
        encode(Told(ID, peers=(record,) * (most + 1)))
    assert fault.value.size == size + two - one


@given(lengths=st.lists(st.integers(1, 200), max_size=400))
@settings(max_examples=50, deadline=None)
def test_packed(lengths: list[int]) -> None:
    """What is split over lines is all there, in order, and each line fits."""
    hits = [Hit("s1", "a" * length, number) for number, length in enumerate(lengths)]
    lines = [encode(part) for part in packed(hits, lambda some: Told(ID, hits=some))]
    arrived = [hit for part in map(decode, lines) if isinstance(part, Told) for hit in part.hits]
    assert arrived == hits
    if lines:
        assert len(lines) <= 2 * sum(map(len, lines)) // limits.LINE_BYTES + 2


def test_packed_item_too_long() -> None:
    """One item that fits on no line cannot be sent."""
    names = tuple("x" * 31 for _ in range(600))
    with pytest.raises(LineTooLong):
        list(packed([PeerRecord("s1", names)], lambda some: Told(ID, peers=some)))


def test_packed_nothing() -> None:
    """Nothing makes no message."""
    assert list(packed([], lambda some: Told(ID, peers=some))) == []


def test_printable() -> None:
    """Control and bidi characters and half characters are masked, and length is bounded."""
    assert printable("a\x1b\n\u202e\ud800b" + "c" * 9, 8) == "a????bcc"
