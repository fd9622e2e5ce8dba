"""Whatever arrives is a message, or is refused in one printable line."""

import json

from hypothesis import example, given, settings
from hypothesis import strategies as st

from p2p_twisted.wire import limits
from p2p_twisted.wire.codec import decode, encode
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import MESSAGES, Message
from tests.wire.generating import instances, messages


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


_INSTANCES = {verb: instances(kind) for verb, kind in MESSAGES.items()}


@given(data=st.data(), verb=st.sampled_from(list(MESSAGES)))
@settings(max_examples=500, deadline=None)
def test_any_values(data: st.DataObject, verb: str) -> None:
    """A known verb with one wrong or strange field is a message or a ProtocolError."""
    message = data.draw(_INSTANCES[verb])
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
