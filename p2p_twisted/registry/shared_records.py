"""
Keep in etcd what all registries of a private network know.

    BASE/trust/ROOT/items/PATH    an item: see record_items
    BASE/trust/ROOT/log/NUMBER    what was changed by one transaction, and by whom

Each transaction makes the next entry of the log, if there is none yet: so a registry that has not
heard of the last one changes nothing. Who has heard of all but the last entries reads these; who
has missed more than there are reads all items.
"""

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

import attrs

from p2p_twisted.registry.etcd_client import Etcd
from p2p_twisted.registry.etcd_gateway import EtcdFault
from p2p_twisted.registry.etcd_keys import Json

_ITEMS: Final = "items/"
_LOG: Final = "log/"
_DIGITS: Final = 12
_ENTRIES: Final = 500
_PAGE: Final = 1_000
_AT_ONCE: Final = 60
"""By default, etcd takes 128 operations in a transaction."""


class OutOfDate(Exception):
    """Another registry has changed something meanwhile: catch up, and decide again."""


@attrs.frozen
class _Entry:
    """
    What one transaction has changed.

    :ivar writer: different for each, as etcd may be restored from a backup, and go on from there.
    :ivar changes: ``None`` for an item that is no more.
    """

    number: int
    writer: str
    changes: Mapping[str, Any] = attrs.field(eq=False)


_NONE: Final = _Entry(0, "", {})


class SharedRecords:
    """
    What etcd keeps of one private network.

    :param base: what all keys begin with.
    :ivar items: what etcd keeps, as far as it is known here.
    :ivar is_rewound: whether it was found to be an old copy, on which others have gone on.
    """

    def __init__(self, etcd: Etcd, base: str) -> None:
        self._etcd = etcd
        self._base = base
        self._last: _Entry | None = None
        self.items: dict[str, Any] = {}
        self.is_rewound = False

    @property
    def number(self) -> int:
        """That of the last transaction that is known here."""
        return 0 if self._last is None else self._last.number

    async def catch_up(self) -> bool:
        """
        Know what all registries have stored.

        :returns: whether that is something new.
        :raises EtcdFault: when etcd does not answer.
        """
        last = self._last
        entries = None if last is None else await self._entries(last.number)
        if last is None or entries is None or (last.number and entries[:1] != [last]):
            known = entries[0] if last and entries else last
            self.is_rewound = known != last and known is not None and known.number == self.number
            await self._read_all()
            return True
        news = entries[1:] if last.number else entries
        for each in news:
            self._take(each)
        return bool(news)

    async def keep(self, changes: Mapping[str, Any]) -> None:
        """
        Store changes: ``None`` removes an item.

        :raises OutOfDate: when others have stored something of which is not known here.
        :raises EtcdFault: when etcd does not answer.
        """
        for some in _pieces(changes):
            entry = _Entry(self.number + 1, secrets.token_hex(8), some)
            answer = await self._etcd.call("/v3/kv/txn", self._transaction(entry))
            if not answer.get("succeeded") and _found(entry.number, answer) != entry:
                raise OutOfDate
            self._take(entry)

    async def close(self) -> None:
        """End all connections."""
        await self._etcd.close()

    def _take(self, entry: _Entry) -> None:
        self._last = entry
        for path, value in entry.changes.items():
            self.items.pop(path, None)
            if value is not None:
                self.items[path] = value

    async def _entries(self, first: int) -> list[_Entry] | None:
        """Read the log from an entry on; ``None`` where there is more of it than one page."""
        question = {**self._range(_LOG), "key": self._key(_entry_key(first)), "limit": _PAGE}
        page = await self._etcd.call("/v3/kv/range", question)
        return None if page.get("more") else [self._entry(kv) for kv in page.get("kvs", [])]

    async def _read_all(self) -> None:
        kvs: list[Json] = []
        question: Json = {**self._range(""), "limit": _PAGE}
        while True:
            page = await self._etcd.call("/v3/kv/range", question)
            kvs.extend(page.get("kvs", []))
            if not page.get("more"):
                break
            rest = b64encode(b64decode(kvs[-1]["key"]) + b"\0").decode()
            at = question.get("revision", page["header"]["revision"])
            question = {**question, "key": rest, "revision": at}
        self.items, self._last = {}, _NONE
        for kv in kvs:
            path = self._path(kv)
            if path.startswith(_ITEMS):
                self.items[path[len(_ITEMS) :]] = _value(kv)
            elif path.startswith(_LOG):
                self._last = max(self._last, self._entry(kv), key=lambda each: each.number)

    def _transaction(self, entry: _Entry) -> Json:
        key = self._key(_entry_key(entry.number))
        log = {"writer": entry.writer, "changes": entry.changes}
        items = [(self._key(_ITEMS + path), value) for path, value in entry.changes.items()]
        changes = [_delete(at) if value is None else _put(at, value) for at, value in items]
        if entry.number > _ENTRIES:
            changes.append(_delete(self._key(_entry_key(entry.number - _ENTRIES))))
        return {
            "compare": [
                {"key": key, "target": "CREATE", "result": "EQUAL", "create_revision": "0"}
            ],
            "success": [_put(key, log), *changes],
            # Perhaps it was kept already, and only the answer was lost.
            "failure": [{"request_range": {"key": key}}],
        }

    def _entry(self, kv: Json) -> _Entry:
        value = _value(kv)
        try:
            number = int(self._path(kv).removeprefix(_LOG))
            return _Entry(number, str(value["writer"]), dict(value["changes"]))
        except (ValueError, TypeError, KeyError) as error:
            raise EtcdFault(f"etcd has something else in the log of records: {error!r}") from None

    def _path(self, kv: Json) -> str:
        return b64decode(kv["key"]).decode(errors="replace").removeprefix(self._base)

    def _range(self, below: str) -> Json:
        begin = f"{self._base}{below}"
        # The byte after the slash ends the range.
        return {"key": _encoded(begin), "range_end": _encoded(f"{begin[:-1]}0")}

    def _key(self, rest: str) -> str:
        return _encoded(f"{self._base}{rest}")


def _found(number: int, answer: Json) -> _Entry | None:
    """Read the entry that was in the way of another one."""
    [found] = answer["responses"]
    for kv in found.get("response_range", {}).get("kvs", []):
        value = _value(kv)
        return _Entry(number, str(value.get("writer")), {}) if isinstance(value, dict) else None
    return None


def _entry_key(number: int) -> str:
    return f"{_LOG}{max(1, number):0{_DIGITS}}"


def _pieces(changes: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    left = iter(changes.items())
    while some := dict(islice(left, _AT_ONCE)):
        yield some


def _encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def _put(key: str, value: Any) -> Json:
    return {"request_put": {"key": key, "value": _encoded(json.dumps(value))}}


def _delete(key: str) -> Json:
    return {"request_delete_range": {"key": key}}


def _value(kv: Json) -> Any:
    try:
        return json.loads(b64decode(kv.get("value", "")))
    except (ValueError, RecursionError):
        raise EtcdFault("etcd has something else among the records of registries") from None
