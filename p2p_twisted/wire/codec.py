"""Turn messages into lines and lines into messages; nothing else may be wrong with a line."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from operator import attrgetter
from types import UnionType
from typing import Any, Final, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

import attrs
import msgspec

from p2p_twisted.wire.errors import Malformed, UnknownVerb
from p2p_twisted.wire.limits import JSON_DEPTH, LINE_BYTES
from p2p_twisted.wire.messages import MESSAGES, Hello, Message

_DECODERS: Final = {verb: msgspec.json.Decoder(kind) for verb, kind in MESSAGES.items()}
_ENCODER: Final = msgspec.json.Encoder()
_QUOTED_CHARACTERS: Final = 20
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_SQUARE: Final = bytes.maketrans(b"{}", b"[]")
_FAULT_CHARACTERS: Final = 200

T = TypeVar("T")
M = TypeVar("M", bound=Message)


class Unsendable(ValueError):
    """A message of ours that every peer would refuse: better found here than there."""


class LineTooLong(Unsendable):
    """
    A message of ours does not fit on a line: its sender should have split it.

    :ivar size: how many bytes it has.
    """

    def __init__(self, verb: str, size: int) -> None:
        super().__init__(f"{verb} has {size} bytes")
        self.size = size


def encode(message: Message) -> bytes:
    r"""
    Write a message as a line, ``VERB {json}\r\n``; fields at their defaults are left out.

    :raises LineTooLong: when it has more than 16,384 bytes.
    :raises Unsendable: when a value is out of its bounds.
    """
    line = _line(message)
    if len(line) > LINE_BYTES:
        raise LineTooLong(message.verb, len(line))
    if message.is_read_back:
        try:
            decode(line)
        except Malformed as error:
            raise Unsendable(str(error)) from None
    return line


@lru_cache(maxsize=8)
def encode_greeting(hello: Hello) -> bytes:
    """Write what a listener says to everybody who connects, as :func:`encode` does."""
    return encode(hello)


def decode(line: bytes) -> Message:
    """
    Read a message from a line, with or without its ending; a bare verb means ``{}``.

    :raises UnknownVerb: when the verb is none of ours.
    :raises Malformed: when anything else is wrong with it.
    """
    verb_bytes, _, body = line.strip().partition(b" ")
    verb = verb_bytes.upper().decode("ascii", "replace")
    decoder = _DECODERS.get(verb)
    if decoder is None:
        raise UnknownVerb(f"unknown verb {verb[:_QUOTED_CHARACTERS]!r}")
    try:
        # msgspec itself looks only at the strings that it keeps.
        body.decode()
        message = decoder.decode(body or b"{}")
    except RecursionError:
        raise Malformed(f"{verb}: nested too deeply") from None
    except UnicodeDecodeError:
        raise Malformed(f"{verb}: not UTF-8") from None
    except (msgspec.DecodeError, ValueError) as error:
        raise Malformed(f"{verb}: {printable(str(error), _FAULT_CHARACTERS)}") from None
    if _is_too_deep(body):
        raise Malformed(f"{verb}: nested too deeply")
    return message


def packed(items: Sequence[T], make: Callable[[tuple[T, ...]], M]) -> Iterator[M]:
    """
    Split what does not fit on one line over several messages; nothing makes none.

    :param make: builds the message that carries some of the items.
    :raises LineTooLong: when not even one item fits.
    """
    if not items:
        return
    message = make(tuple(items))
    size = len(_line(message))
    if size <= LINE_BYTES:
        yield message
        return
    if len(items) == 1:
        raise LineTooLong(message.verb, size)
    # As many as should do when all are about as long.
    parts = min(len(items), size // LINE_BYTES + 1)
    step = -(-len(items) // parts)
    for start in range(0, len(items), step):
        yield from packed(items[start : start + step], make)


def printable(text: str, most: int) -> str:
    """Cut a text, and mask the control characters that a name might have smuggled in."""
    return "".join(c if c.isprintable() else "?" for c in text[:most])


def _is_too_deep(body: bytes) -> bool:
    """
    Return whether valid JSON nests lists and objects deeper than the limit.

    The interpreter's own limit differs between versions of Python. Each round takes the
    innermost brackets away.
    """
    if body.count(b"[") + body.count(b"{") <= JSON_DEPTH:
        return False
    unescaped = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside_strings = b"".join(unescaped.split(b'"')[::2])
    brackets = outside_strings.translate(_SQUARE, _NO_BRACKETS)
    for _ in range(JSON_DEPTH):
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def _line(message: Message) -> bytes:
    try:
        fields = _plain(message)
        body = b" " + _ENCODER.encode(fields) if fields else b""
    except UnicodeEncodeError:
        raise Unsendable(f"{message.verb} has half a character") from None
    return message.verb.encode() + body + b"\r\n"


def _plain(value: Any) -> dict[str, Any]:
    """Turn an object into JSON's types: those of its fields that differ from their defaults."""
    names, defaults, members, turnings = _fields(value.__class__)
    plain = {
        name: member
        for name, default, member in zip(names, defaults, members(value), strict=True)
        if member != default
    }
    for name, turn in turnings:
        if name in plain:
            plain[name] = turn(plain[name])
    return plain


def _plain_members(values: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [_plain(value) for value in values]


class _Fields(NamedTuple):
    """
    What is written of a class.

    :ivar members: returns the values of all fields of an object.
    :ivar turnings: how to turn those that have objects of which some fields may be left out.
    """

    names: tuple[str, ...]
    defaults: tuple[Any, ...]
    members: Callable[[Any], tuple[Any, ...]]
    turnings: tuple[tuple[str, Callable[[Any], Any]], ...]


@cache
def _fields(kind: type) -> _Fields:
    hints, fields = get_type_hints(kind), attrs.fields(kind)
    names = tuple(field.name for field in fields)
    turnings = tuple((name, turn) for name in names if (turn := _turning(hints[name])))
    return _Fields(names, tuple(field.default for field in fields), _getting(names), turnings)


def _getting(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def _turning(hint: Any) -> Callable[[Any], Any] | None:
    """Return what turns a field of this type into JSON; ``None`` where msgspec does."""
    kinds = [member for member in (hint, *get_args(hint)) if attrs.has(member)]
    if all(map(_is_whole, kinds)):
        return None
    return _plain if attrs.has(hint) or get_origin(hint) is UnionType else _plain_members


def _is_whole(kind: Any) -> bool:
    """Return whether no field of a class is ever left out, nor turned."""
    fields = _fields(kind)
    return not fields.turnings and all(default is attrs.NOTHING for default in fields.defaults)
