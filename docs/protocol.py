"""
Write the protocol down: ``python -m docs.protocol > docs/protocol.md``.

The text is ``protocol.md.in``, by hand. A line such as ``{{HELLO PING}}`` stands for
these verbs' meanings and fields, as their classes have them; ``{LINE_BYTES}`` for
that limit.
"""

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import attrs
from msgspec import Meta

from p2p_twisted.registry import limits as registry_limits
from p2p_twisted.relay import limits as relay_limits
from p2p_twisted.wire import limits
from p2p_twisted.wire.beacon import Beacon
from p2p_twisted.wire.messages import (
    MESSAGES,
    HeldUp,
    Hit,
    InviteRecord,
    Meeting,
    MemberRecord,
    PeerRecord,
    Receipt,
    Tally,
)
from p2p_twisted.wire.messages.push import AskedId
from p2p_twisted.wire.names import (
    FileId,
    MessageId,
    PeerAddress,
    PeerName,
    Port,
    valid_host,
    valid_path,
)

_SLOT: Final = re.compile(r"^\{\{([^}]*)\}\}$", re.MULTILINE)
_NUMBER: Final = re.compile(r"(?<!\{)\{([A-Z_]+)\}(?!\})")
_FIELD: Final = re.compile(r"^:ivar (\w+): (.*?)(?=^:ivar |\Z)", re.MULTILINE | re.DOTALL)
_LIMITS: Final = vars(limits) | vars(registry_limits) | vars(relay_limits)
_RECORDS: Final = (
    PeerAddress,
    PeerRecord,
    Hit,
    Tally,
    Receipt,
    HeldUp,
    Meeting,
    MemberRecord,
    InviteRecord,
    Beacon,
)
_CLASSES: Final = {kind.__name__: kind for kind in _RECORDS}
_NAMED: Final = [
    (PeerName, "name"),
    (FileId, "file id"),
    (AskedId, "file id"),
    (MessageId, "id"),
    (Port, "port"),
]
_CHECKED: Final = {valid_host: "IP address", valid_path: "path"}


def document() -> str:
    """Write the whole document."""
    text = Path(__file__).with_name("protocol.md.in").read_text("utf-8")
    text = _NUMBER.sub(lambda slot: f"{_LIMITS[slot[1]]:,.0f}", text)
    return _SLOT.sub(lambda slot: "\n".join(map(_section, slot[1].split())), text)


def _section(name: str) -> str:
    """Describe a message by its verb, or a class that messages have in them."""
    kind: type = MESSAGES.get(name) or _CLASSES[name]
    title = f"`{name}`" if name in MESSAGES else _spaced(name).capitalize()
    meaning, described = _docstring(kind)
    return "\n".join([f"### {title}", "", meaning, *_table(kind, described)]) + "\n"


def _docstring(kind: type) -> tuple[str, dict[str, str]]:
    """Split a class's docstring into what it means and what its fields mean."""
    text = inspect.cleandoc(kind.__doc__ or "").replace("``", "`")
    meaning = text.partition("\n:ivar ")[0].strip()
    return meaning, {name: " ".join(words.split()) for name, words in _FIELD.findall(text)}


def _table(kind: type, described: dict[str, str]) -> Iterator[str]:
    fields = attrs.fields(kind)
    hints = get_type_hints(kind, include_extras=True)
    if fields:
        yield from ("", "| field | value | default | meaning |", "|---|---|---|---|")
    for field in fields:
        value = _checked(kind, field) or _value(hints[field.name])
        yield f"| `{field.name}` | {value} | {_default(field.default)} | {described[field.name]} |"


def _checked(kind: type, field: Any) -> str | None:
    """Name what an attrs validator checks, or its class."""
    if (kind, field.name) == (PeerAddress, "host"):
        return _CHECKED[valid_host]
    validator = getattr(field.validator, "validator", field.validator)
    return _CHECKED.get(validator)


def _value(hint: Any) -> str:
    """Describe the values that an annotation allows."""
    for named, words in _NAMED:
        if hint == named:
            return words
    for meta in getattr(hint, "__metadata__", ()):
        if isinstance(meta, Meta):
            return _bounded(hint.__origin__, meta)
    origin, members = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " or ".join(f"`{member}`" for member in members)
    if origin in (Union, UnionType):
        return " or ".join(_value(member) for member in members if member is not NoneType)
    if origin is tuple:
        return f"[{', '.join(map(_value, members))}]"
    return "`true` or `false`" if hint is bool else _spaced(hint.__name__)


def _bounded(kind: Any, meta: Meta) -> str:
    if get_origin(kind) is tuple:
        least = f"{meta.min_length} to " if meta.min_length else "at most "
        return f"list of {least}{meta.max_length:,}: {_value(get_args(kind)[0])}"
    if kind is str:
        return (
            f"`{meta.pattern[1:-2]}`" if meta.pattern else f"text, {meta.max_length:,} characters"
        )
    if meta.lt is not None:
        most = f"{meta.lt - 1:,}"
    else:
        most = f"{meta.le:,.0f}" if meta.le is not None else "any"
    least = f"above {meta.gt}, up to" if meta.gt is not None else f"{meta.ge:,.0f} to"
    return f"{'integer' if kind is int else 'number'}, {least} {most}"


def _default(default: Any) -> str:
    if default is attrs.NOTHING:
        return "required"
    if default is None or default in ((), ""):
        return "none"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _spaced(name: str) -> str:
    """Write the name of a class as words."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower()


if __name__ == "__main__":
    sys.stdout.write(document())
