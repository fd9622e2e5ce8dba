"""Hypothesis strategies for every message, made from the classes and their bounds."""

import re
import types
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import attrs
from hypothesis import strategies as st
from msgspec import Meta

from p2p_twisted.wire.messages import MESSAGES, HeldUp, Message, Whole, Wholes

HOSTS: Final = st.sampled_from(["127.0.0.1", "::1", "10.1.2.3", "192.168.1.7", "2001:db8::1"])
PATHS: Final = st.sampled_from(
    ["f1.txt", "a/b c.bin", "caf\u00e9/\u2764\ufe0f.png", "\u4e2d\u6587"]
)
_HEX_DIGITS: Final = re.compile(r"\^\[0-9a-f\]\{(\d+)\}\\Z")
# The members that an attrs validator checks.
_CHECKED: Final = {
    "modified": st.none() | st.integers(-3 * 10**20, 3 * 10**20),
    "host": HOSTS,
    "advertise": st.none() | HOSTS,
    "near": st.none() | HOSTS,
    "spelling": st.none() | PATHS,
    "reason": st.text(st.characters(codec="utf-8").filter(str.isprintable), max_size=20),
}


def texts(most: int) -> st.SearchStrategy[str]:
    """Make texts of all that UTF-8 can have."""
    return st.text(st.characters(codec="utf-8"), max_size=min(most, 20))


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Make values of an annotation, within its bounds."""
    metas = [meta for meta in getattr(hint, "__metadata__", ()) if isinstance(meta, Meta)]
    if metas:
        return _bounded(hint.__origin__, metas[0])
    origin = get_origin(hint)
    if origin is Literal:
        return st.sampled_from(get_args(hint))
    if origin in (Union, types.UnionType):
        return st.one_of(*map(values, get_args(hint)))
    if origin is tuple:
        return _tuples(hint, 6)
    if attrs.has(hint):
        return instances(hint)
    return {type(None): st.none(), bool: st.booleans(), str: texts(64)}[hint]


def instances(kind: type) -> st.SearchStrategy[Any]:
    """Make instances of an attrs class."""
    if kind is Wholes:
        return _wholes()
    hints = get_type_hints(kind, include_extras=True)
    members: dict[str, st.SearchStrategy[Any]] = {}
    others: dict[str, st.SearchStrategy[Any]] = {}
    for field in attrs.fields(kind):
        chosen = members if field.default is attrs.NOTHING else others
        chosen[field.name] = _member(kind, field.name, hints[field.name])
    return st.fixed_dictionaries(members, optional=others).map(lambda given: kind(**given))


def messages() -> st.SearchStrategy[Message]:
    """Make a message of any class."""
    return st.one_of(*map(instances, MESSAGES.values()))


def _wholes() -> st.SearchStrategy[Wholes]:
    """Make messages of as many files as sizes, each file once."""
    some = st.lists(instances(Whole), min_size=1, max_size=6, unique_by=lambda each: each.file)
    held = st.none() | instances(HeldUp)

    def made(each: list[Whole], held: HeldUp | None) -> Wholes:
        return Wholes(tuple(one.file for one in each), tuple(one.size for one in each), held)

    return st.builds(made, some, held)


def _member(kind: type, name: str, hint: Any) -> st.SearchStrategy[Any]:
    if kind.__name__ == "Hit" and name == "name":
        return PATHS
    return _CHECKED[name] if name in _CHECKED else values(hint)


def _bounded(kind: Any, meta: Meta) -> st.SearchStrategy[Any]:
    if kind is int:
        most = meta.le if meta.le is not None else (meta.lt or 2**53) - 1
        return st.integers(int(meta.ge or 0), int(most))
    if kind is float:
        above = meta.gt is not None
        return st.floats(meta.gt if above else meta.ge, meta.le, exclude_min=above)
    if kind is str and (digits := _HEX_DIGITS.fullmatch(meta.pattern or "")):
        # As bytes, as to choose each digit by itself takes most of the time of these tests.
        size = int(digits[1]) // 2
        return st.binary(min_size=size, max_size=size).map(bytes.hex)
    if kind is str and meta.pattern is not None:
        return st.from_regex(meta.pattern, fullmatch=True)
    if kind is str:
        return texts(meta.max_length or 64)
    return _tuples(kind, min(meta.max_length or 6, 6), meta.min_length or 0)


def _tuples(hint: Any, most: int, least: int = 0) -> st.SearchStrategy[tuple[Any, ...]]:
    first, *others = get_args(hint)
    if others == [...]:
        return st.lists(values(first), min_size=least, max_size=most).map(tuple)
    return st.tuples(*map(values, (first, *others)))
