"""The parts of a transaction, as etcd's JSON gateway takes them: keys and values in base64."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any

Part = dict[str, Any]


def encoded(text: bytes) -> str:
    """Encode a key or a value."""
    return b64encode(text).decode()


def value_of(kv: Part) -> bytes:
    """Decode what a key has."""
    return b64decode(kv.get("value", ""))


def compared(key: str, what: str, revision: int) -> Part:
    """
    Demand that a key was last written, or made, at a revision.

    :param what: ``mod`` or ``create``.
    :param revision: 0 where there is to be no such key.
    """
    return {
        "key": key,
        "target": what.upper(),
        "result": "EQUAL",
        f"{what}_revision": str(revision),
    }


def written_since(key: str, revision: int) -> Part:
    """Demand that a key was last written at a revision or later."""
    later = {"target": "MOD", "result": "GREATER", "mod_revision": str(revision - 1)}
    return {"key": key, **later}


def put(key: str, value: bytes) -> Part:
    """Write a key."""
    return {"request_put": {"key": key, "value": encoded(value)}}


def delete(key: str) -> Part:
    """Remove a key, if it is there."""
    return {"request_delete_range": {"key": key}}


def read(key: str) -> Part:
    """Read a key."""
    return {"request_range": {"key": key}}


def found(response: Part) -> Sequence[Part]:
    """Return what the answer to :func:`read` has: one, or none."""
    kvs: Sequence[Part] = response.get("response_range", {}).get("kvs", [])
    return kvs
