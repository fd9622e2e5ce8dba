"""Check what etcd's JSON gateway answers, once: nobody looks again whether it can be read."""

from base64 import b64decode
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from p2p_twisted.registry.etcd_keys import Json

_Revision = Annotated[str, Meta(pattern=r"^[0-9]{1,19}\Z")]


class _Kv(Struct, frozen=True):
    # The gateway writes both in base64.
    key: bytes
    mod_revision: _Revision
    value: bytes = b""


class _Header(Struct, frozen=True):
    revision: _Revision


class _Range(Struct, frozen=True):
    kvs: list[_Kv] = []


class _Response(Struct, frozen=True):
    response_range: _Range = _Range()


class _Answer(Struct, frozen=True):
    header: _Header
    kvs: list[_Kv] = []
    more: bool = False
    succeeded: bool = False
    responses: list[_Response] = []


class _Token(Struct, frozen=True):
    token: Annotated[str, Meta(min_length=1)]


class _Event(Struct, frozen=True):
    kv: _Kv
    type: str = ""


class _WatchResult(Struct, frozen=True):
    events: list[_Event] = []
    canceled: bool = False


_CHECKED: Final[dict[str, Any]] = {
    "/v3/kv/range": _Answer,
    "/v3/kv/txn": _Answer,
    "/v3/auth/authenticate": _Token,
}


def check_answer(path: str, question: Json, answer: Json) -> None:
    """
    Make sure that something is an answer to a question.

    :param path: to which the question was sent.
    :raises ValueError: when it is none.
    """
    kind = _CHECKED.get(path)
    read = None if kind is None else msgspec.convert(answer, kind)
    if not isinstance(read, _Answer):
        return
    if read.more and not read.kvs:
        raise ValueError("there is more, and nothing before it")
    first = b64decode(question.get("key", ""))
    if any(kv.key < first for kv in read.kvs):
        # Whoever reads on would read the same for ever.
        raise ValueError("this was not asked for")
    asked = question.get("success" if read.succeeded else "failure", ())
    if len(read.responses) != len(asked):
        raise ValueError("not all was answered, or more than that")


def check_told(result: Json) -> None:
    """
    Make sure that something is what a watch tells.

    :raises ValueError: when it is not.
    """
    msgspec.convert(result, _WatchResult)
