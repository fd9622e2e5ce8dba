"""Lines and messages: what goes out comes in, and nothing else does."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from p2p_twisted.wire import limits
from p2p_twisted.wire.codec import LineTooLong, Unsendable, decode, encode, packed, printable
from p2p_twisted.wire.errors import Malformed, ProtocolError, UnknownVerb
from p2p_twisted.wire.messages import (
    MESSAGES,
    Ask,
    Bye,
    Done,
    Error,
    Gossip,
    Hit,
    IHave,
    Join,
    Message,
    PeerRecord,
    Ping,
    Send,
    Told,
    Want,
    Welcome,
)
from p2p_twisted.wire.names import PeerAddress
from tests.wire.generating import instances, messages

ID = "0123456789abcdef" * 2
FILE = ID * 2
WANT = Want(ID, FILE, "s1", "127.0.0.1", 9000)


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


@given(line=st.binary(max_size=200))
@example(b"\xff\xfeP\x00I\x00")
@settings(max_examples=500)
def test_any_bytes(line: bytes) -> None:
    """Any bytes are a message or a ProtocolError with one printable line."""
    decode_or_refuse(line)


def decode_or_refuse(line: bytes) -> None:
    """Take a line, or check what is said about it."""
    try:
        message = decode(line)
    except ProtocolError as error:
        fault = str(error)
        assert fault.isprintable()
        assert len(fault) <= limits.REASON_CHARACTERS
    else:
        # Whatever was accepted can be passed on.
        assert decode(encode(message)) == message


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(data=st.data(), verb=st.sampled_from(list(MESSAGES)))
@settings(max_examples=500, deadline=None)
def test_any_values(data: st.DataObject, verb: str) -> None:
    """A known verb with one wrong or strange field is a message or a ProtocolError."""
    message = data.draw(instances(MESSAGES[verb]))
    _, _, body = encode(message).partition(b" ")
    fields = json.loads(body or b"{}")
    name = data.draw(st.sampled_from(sorted(fields) or ["x"]) | st.text(max_size=5))
    fields[name] = data.draw(json_values)
    decode_or_refuse(f"{verb} {json.dumps(fields)}".encode())


@given(data=st.data(), message=messages())
@settings(max_examples=500, deadline=None)
def test_any_damage(data: st.DataObject, message: Message) -> None:
    """A line with bytes replaced, cut out or doubled is a message or a ProtocolError."""
    line = bytearray(encode(message))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(line)))
        line[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    decode_or_refuse(bytes(line).replace(b"\n", b""))


def line(verb: str, **fields: Any) -> bytes:
    """Write a line that our own encoder might refuse to."""
    return f"{verb} {json.dumps(fields)}".encode()


def want(**fields: Any) -> bytes:
    """Write a WANT with some of its fields replaced."""
    honest = {"ticket": ID, "file": FILE, "name": "s1", "host": "127.0.0.1", "port": 9000}
    return line("WANT", **(honest | fields))


def gossip(**fields: Any) -> bytes:
    """Write a GOSSIP with some of its fields replaced."""
    return line(
        "GOSSIP", **({"id": ID, "kind": "stop", "origin": "s1", "age": 0, "life": 1} | fields)
    )


def hit(**fields: Any) -> bytes:
    """Write a TOLD with one hit, some of whose fields are replaced."""
    return line("TOLD", id=ID, hits=[{"peer": "s1", "name": "f1", "size": 1} | fields])


def test_honest_lines() -> None:
    """The lines that the following replace fields in are themselves accepted."""
    assert decode(want()) == WANT
    assert decode(gossip()) == Gossip(ID, "stop", "s1", 0.0, 1.0)
    assert decode(hit()) == Told(ID, hits=(Hit("s1", "f1", 1),))


MALFORMED = [
    # Not JSON objects.
    *[
        b"PING",
        b"PING {}",
        b"PING null",
        b"PING []",
        b"PING 1",
        b'PING "n"',
        b"PING true",
        b"PING {",
    ],
    *[b'PING {"n":1}}', b'PING {"n":1} {"n":1}', b"PING {'n':1}", b"PING {n:1}", b'PING {"n":1,}'],
    *[
        b'PING {"n":01}',
        b'PING {"n":+1}',
        b'PING {"n":0x1}',
        b'PING {"n":1}\x00',
        b'PING /**/{"n":1}',
    ],
    # Wrong types.
    *[
        b'PING {"n":true}',
        b'PING {"n":false}',
        b'PING {"n":"1"}',
        b'PING {"n":null}',
        b'PING {"n":[1]}',
    ],
    *[
        b'PING {"n":1.0}',
        b'PING {"n":1e0}',
        b'PING {"n":-0.0}',
        b'PING {"n":NaN}',
        b'PING {"n":Infinity}',
    ],
    *[b'PING {"n":-1}', b'PING {"n":9007199254740992}', b'PING {"n":1e400}', b'PING {"n":-9e999}'],
    *[b'PING {"n":' + b"9" * 30 + b"}", b'PING {"n":' + b"9" * 16_000 + b"}"],
    *[gossip(age=True), gossip(age="1"), gossip(age=None), gossip(age=float("nan"))],
    *[
        gossip(age=float("inf")),
        gossip(age=-float("inf")),
        gossip(age=-1),
        gossip(age=121),
        gossip(hops=True),
    ],
    *[
        gossip(hops=65),
        gossip(hops=-1),
        gossip(urgent=1),
        gossip(urgent="true"),
        gossip(text="a" * 2_049),
    ],
    *[
        gossip(kind="Stop"),
        gossip(kind=""),
        gossip(kind="a" * 17),
        gossip(kind="stop\n"),
        gossip(id=ID + "\n"),
    ],
    *[
        gossip(id=ID.upper()),
        gossip(id=ID[1:]),
        gossip(origin="S1"),
        gossip(origin="s1\n"),
        gossip(origin="-a"),
    ],
    # Not text.
    *[
        b'ERROR {"reason":"\\ud800"}',
        b'ERROR {"reason":"\\udc00\\ud800"}',
        b'ERROR {"reason":"\\ud800x"}',
    ],
    *[
        b'ERROR {"reason":"\xff"}',
        b'ERROR {"reason":"\xed\xa0\x80"}',
        b'ERROR {"reason":"\xc0\x80"}',
    ],
    *[
        b'ERROR {"reason":"a","x":"\xff"}',
        b'ERROR {"reason":"a","\xff":1}',
        b'PING {"n":1,"x":"\\ud800"}',
    ],
    *[
        b'PING \xef\xbb\xbf{"n":1}',
        b"PING " + '{"n":1}'.encode("utf-16"),
        b'ERROR {"reason":"a\nb"}',
    ],
    *[b'ERROR {"reason":"\x1b[31m"}', b'ERROR {"reason":"a\x00b"}'],
    # What would move a cursor, hide text or forge a line.
    *[
        line("ERROR", reason="\x1b[2J"),
        line("ERROR", reason="a\nsaved f1.txt"),
        line("REFUSE", ticket=ID, reason="a\u202eb"),
    ],
    # Too deep, too many, too long.
    *[b'PING {"x":' + b"[" * 8_000 + b"]" * 8_000 + b',"n":1}', b"PING " + b"[" * 16_000],
    *[
        b'PING {"x":' + b'{"a":' * 3_000 + b"1" + b"}" * 3_000 + b',"n":1}',
        b'SEND {"chunks":' + b"[" * 8_000,
    ],
    *[line("SEND", chunks=[]), line("SEND", chunks=[[0, 1]] * 65), line("SEND", chunks=[[0]])],
    *[
        line("SEND", chunks=[[0, 0]]),
        line("SEND", chunks=[[0, 1, 2]]),
        line("SEND", chunks=[[-1, 1]]),
    ],
    *[
        line("SEND", chunks=[[2**20, 1]]),
        line("SEND", chunks=[["0", 1]]),
        line("SEND", chunks={"0": 1}),
    ],
    *[
        line("ERROR", reason="a" * 401),
        line("ERROR", reason="a", code="unheard of"),
        line("IHAVE", ids=[ID] * 201),
    ],
    *[line("CHUNK", index=0, length=0), line("CHUNK", index=0, length=limits.CHUNK_BYTES + 1)],
    *[line("FILE", ticket=ID, size=-1), line("FILE", ticket=ID, size=65_537)],
    *[
        line("PUSH", ticket=ID, file=FILE, size=-1),
        line("PUSH", ticket=ID, file=FILE, size=2**40 + 1),
    ],
    # Names, addresses, ports, ids.
    *[
        want(host="127.1"),
        want(host="localhost"),
        want(host="::ffff:127.0.0.1"),
        want(host=1),
        want(host=None),
    ],
    *[
        want(port=22),
        want(port=0),
        want(port=-1),
        want(port=65_536),
        want(port=9000.0),
        want(port="9000"),
    ],
    *[
        want(name="S1"),
        want(name=""),
        want(name="a" * 32),
        want(name="s\u0131"),
        want(name="s1\x00"),
    ],
    *[
        want(file=FILE[1:]),
        want(file=FILE.upper()),
        want(file="g" * 64),
        want(route=["s1"] * 33),
        want(route="s1"),
    ],
    *[
        hit(name="../a"),
        hit(name="/etc/passwd"),
        hit(name="a\u202eb"),
        hit(name=""),
        hit(name=".ssh/id"),
    ],
    *[
        hit(size=-1),
        hit(size=True),
        hit(hashed=101),
        hit(kind="device"),
        hit(file="x"),
        hit(peer="../a"),
    ],
    *[
        b'P2P {"advertise":"127.1"}',
        b'P2P {"port":80}',
        line("P2P", name="a" * 65),
        line("P2P", token="t"),
    ],
]


@pytest.mark.parametrize("sent", MALFORMED, ids=lambda sent: ascii(sent[:40].decode("latin-1")))
def test_malformed(sent: bytes) -> None:
    """All of these are refused, in one printable line."""
    with pytest.raises(Malformed) as refusal:
        decode(sent)
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) <= limits.REASON_CHARACTERS


@pytest.mark.parametrize(
    "sent",
    [
        *[
            b"XYZ",
            b"XYZ {}",
            b"PINGS {}",
            b"PIN {}",
            b'PING{"n":1}',
            b'PING\t{"n":1}',
            b"{}",
            b"\x00",
        ],
        *[
            b'\xef\xbb\xbfPING {"n":1}',
            'PING {"n":1}'.encode("utf-16"),
            "\u0440ing {}".encode(),
            b"\xff",
        ],
        *[b"p2p2 {}", b"_MEMBERS {}", b"MESSAGE {}", b"x" * 16_000, b"", b" ", b"LINK\x00 {}"],
    ],
    ids=lambda sent: ascii(sent[:20]),
)
def test_unknown_verb(sent: bytes) -> None:
    """Anything else than a verb of ours is told apart: it may be of a later protocol."""
    with pytest.raises(UnknownVerb) as refusal:
        decode(sent)
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 160


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
    """A line has only what differs from the defaults, in the order of the class."""
    assert encode(Bye()) == b"BYE\r\n"
    assert encode(Join("s1", advertise="::1")) == b'P2P {"name":"s1","advertise":"::1"}\r\n'
    welcome = Welcome("s1", "127.0.0.1", 9000, 60.0, ID, (PeerAddress("s2", "::1", 9001),))
    assert encode(welcome).decode() == (
        'WELCOME {"name":"s1","host":"127.0.0.1","port":9000,"lease":60.0,'
        f'"token":"{ID}","referrals":[{{"name":"s2","host":"::1","port":9001}}]}}\r\n'
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


def test_error_text_quotes_little() -> None:
    """A fault's text does not carry what was sent."""
    with pytest.raises(Malformed) as refusal:
        decode(line("LINK", why="\x1b[31m" + "x" * 10_000, name="s1", port=9000))
    assert len(str(refusal.value)) < 220
    assert Error(str(refusal.value)) == decode(encode(Error(str(refusal.value))))
