"""Turn messages into lines and lines into messages; nothing else may be wrong with a line."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar

import attrs
import msgspec

from p2p_twisted.wire.errors import Malformed, UnknownVerb
from p2p_twisted.wire.limits import LINE_BYTES
from p2p_twisted.wire.messages import MESSAGES, Message

_DECODERS: Final = {verb: msgspec.json.Decoder(kind) for verb, kind in MESSAGES.items()}
_QUOTED_CHARACTERS: Final = 20

T = TypeVar("T")


class LineTooLong(ValueError):
    """A message of ours does not fit on a line: its sender should have split it."""


def encode(message: Message) -> bytes:
    r"""
    Write a message as a line, ``VERB {json}\r\n``; fields at their defaults are left out.

    :raises LineTooLong: when it has more than 16,384 bytes.
    """
    fields = _members(message)
    body = b" " + msgspec.json.encode(fields) if fields else b""
    line = message.verb.encode() + body + b"\r\n"
    if len(line) > LINE_BYTES:
        raise LineTooLong(f"{message.verb} has {len(line)} bytes")
    return line


def decode(line: bytes) -> Message:
    """
    Read a message from a line, without its ending; a bare verb means ``{}``.

    :raises UnknownVerb: when the verb is none of ours.
    :raises Malformed: when anything else is wrong with it.
    """
    verb_bytes, _, body = line.strip().partition(b" ")
    verb = verb_bytes.upper().decode("ascii", "replace")
    decoder = _DECODERS.get(verb)
    if decoder is None:
        raise UnknownVerb(f"unknown verb {verb[:_QUOTED_CHARACTERS]!r}")
    try:
        body.decode()
        return decoder.decode(body or b"{}")
    except RecursionError:
        raise Malformed(f"{verb}: nested too deeply") from None
    except UnicodeDecodeError:
        raise Malformed(f"{verb}: not UTF-8") from None
    except (msgspec.DecodeError, ValueError) as error:
        raise Malformed(f"{verb}: {_one_line(error)}") from None


def packed(items: Sequence[T], make: Callable[[tuple[T, ...]], Message]) -> Iterator[Message]:
    """
    Split what does not fit on one line over several messages.

    :param make: builds the message that carries some of the items.
    :raises LineTooLong: when not even one item fits.
    """
    try:
        message = make(tuple(items))
        encode(message)
    except LineTooLong:
        if len(items) < 2:
            raise
        middle = len(items) // 2
        yield from packed(items[:middle], make)
        yield from packed(items[middle:], make)
    else:
        yield message


def _members(value: Any) -> dict[str, Any]:
    """Collect what differs from its default, in the order in which the class has it."""
    return {
        field.name: _plain(member)
        for field in attrs.fields(type(value))
        if (member := getattr(value, field.name)) != field.default
    }


def _plain(value: Any) -> Any:
    if attrs.has(type(value)):
        return _members(value)
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [_plain(member) for member in value]
    return value


def _one_line(error: Exception) -> str:
    """Say what was wrong, without control characters that a name might have smuggled in."""
    return "".join(c if c.isprintable() else "?" for c in str(error))[:200]
