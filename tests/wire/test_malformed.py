"""What is not quite a message is refused, in one printable line that quotes little."""

import pytest

from p2p_twisted.wire import limits
from p2p_twisted.wire.codec import decode, encode
from p2p_twisted.wire.errors import Malformed, UnknownVerb
from p2p_twisted.wire.messages import Error, Gossip, Hit, Ping, Told, Want
from tests.wire.writing import FILE, ID, gossip, hit, line, want


def test_honest_lines() -> None:
    """The lines that the following replace fields in are themselves accepted."""
    assert decode(want()) == Want(ID, FILE, "s1", "127.0.0.1", 9000)
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


@pytest.mark.parametrize(("opened", "closed"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")])
def test_depth(opened: bytes, closed: bytes) -> None:
    """How deep a field may nest, also one that nobody knows, is the same on every Python."""
    # The line's own object is the first level.
    levels = (limits.JSON_DEPTH - 1) // len(opened.translate(None, b'"a:'))

    def nested(levels: int) -> bytes:
        return b'PING {"n":1,"x":' + opened * levels + b"0" + closed * levels + b"}"

    assert decode(nested(levels)) == Ping(1)
    for deeper in (levels + 1, 500, 1_100):
        with pytest.raises(Malformed, match="nested too deeply"):
            decode(nested(deeper))


@pytest.mark.parametrize(
    "text", [b"[" * 100, b"{" * 100, b'\\"' + b"[" * 100, b"[" * 100 + b"\\\\", b'\\\\\\"[' * 50]
)
def test_depth_of_text(text: bytes) -> None:
    """Brackets in a text, or beside each other, do not nest."""
    assert decode(b'PING {"n":1,"x":["' + text + b'"],"y":[' + b"[]," * 100 + b"{}]}") == Ping(1)


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


def test_error_text_quotes_little() -> None:
    """A fault's text does not carry what was sent."""
    with pytest.raises(Malformed) as refusal:
        decode(line("LINK", why="\x1b[31m" + "x" * 10_000, name="s1", port=9000))
    assert len(str(refusal.value)) < 220
    assert Error(str(refusal.value)) == decode(encode(Error(str(refusal.value))))
