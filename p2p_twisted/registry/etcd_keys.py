"""
What registries keep in etcd: its keys, its values, and transactions on both.

    BASE/held/HOST:PORT     the name of the peer that has the place
    BASE/peers/NAME         the registration, as JSON
    BASE/registries/ID      who renewed at one registry lately, as JSON: see notes

A registration and its place are written and removed in one transaction, which compares what it
finds with what was known when it was decided.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs
import msgspec

from p2p_twisted.registry.roster import Change, Forget, Put, Registration
from p2p_twisted.wire.names import BadName, PeerName, peer_name

_VERSION: Final = "v1"
_PEERS: Final = "peers/"
_NOTES: Final = "registries/"

Json = dict[str, Any]


class Damaged(ValueError):
    """Something else has written below the registries' keys; the text says where."""


@attrs.frozen
class KeptPlace:
    """
    What is known of a registration that etcd keeps.

    :ivar revision: etcd's, of the transaction that wrote it last.
    """

    host: str
    port: int
    revision: int

    @classmethod
    def of(cls, held: Registration, revision: int) -> "KeptPlace":
        """Return what is known of a registration that was written at a revision."""
        return cls(held.address.host, held.address.port, revision)


@attrs.frozen
class Note:
    """
    What a registry tells the others, every few seconds.

    :ivar writer: its id; each run of a registry has another one.
    :ivar renewed: whose leases it has extended since its last note.
    """

    writer: str
    renewed: tuple[PeerName, ...] = ()


@attrs.frozen
class NoteGone:
    """A registry has ended."""

    writer: str


@attrs.frozen
class Heard:
    """Something that etcd keeps from some revision on."""

    revision: int
    what: Change | Note | NoteGone


@attrs.frozen
class Keyspace:
    """
    The keys of one network.

    :param base: what all of them begin with.
    """

    base: str

    @classmethod
    def of(cls, prefix: str, network: str) -> "Keyspace":
        """Return the keys of a network below what the operator has chosen."""
        return cls(f"{prefix}/{network}/{_VERSION}/")

    def watched(self) -> Json:
        """Return the range of what registries hear of each other: all but the places."""
        # The byte after the slash ends the range.
        return {"key": self._key(_PEERS), "range_end": self._key(f"{_NOTES[:-1]}0")}

    def rest(self, after: str) -> Json:
        """Return what of that range comes after a key, which is encoded."""
        return {**self.watched(), "key": _encoded(b64decode(after) + b"\0")}

    def transaction(
        self,
        net: Mapping[PeerName, Registration | None],
        kept: Mapping[PeerName, KeptPlace],
    ) -> Json:
        """
        Return what keeps registrations, or forgets them, if all is as it is known here.

        :param net: what is to be kept for each name.
        :param kept: what is known of what etcd keeps.
        """
        taken = {(held.address.host, held.address.port): name for name, held in _held(net)}
        known = {name: kept[name] for name in net if name in kept}
        freed = {(was.host, was.port) for was in known.values()}
        names = [self._compared(self.peer(name), "mod", _revision(known.get(name))) for name in net]
        places = [self._compared(self._place(place), "create", 0) for place in taken.keys() - freed]
        return {
            "compare": names + places,
            "success": [
                *(_delete(self._place(place)) for place in freed - taken.keys()),
                *(_delete(self.peer(name)) for name in known if net[name] is None),
                *(_put(self._place(place), name.encode()) for place, name in taken.items()),
                *(_put(self.peer(name), _written(held)) for name, held in _held(net)),
            ],
            # Perhaps it was kept already, and only the answer was lost.
            "failure": [{"request_range": {"key": self.peer(name)}} for name in net],
        }

    def is_kept(
        self, net: Mapping[PeerName, Registration | None], responses: Sequence[Json]
    ) -> dict[PeerName, int] | None:
        """
        Read from the answer to a transaction that was refused whether all of it was kept before.

        :returns: the revision of each registration; ``None`` where not all were.
        """
        revisions = {}
        for (name, held), response in zip(net.items(), responses, strict=True):
            kvs = response.get("response_range", {}).get("kvs", [])
            if [each["value"] for each in kvs] != (
                [] if held is None else [_encoded(_written(held))]
            ):
                return None
            if kvs:
                revisions[name] = int(kvs[0]["mod_revision"])
        return revisions

    def tell(self, note: Note, ended: Sequence[str] = ()) -> Json:
        """Return what leaves a note, and removes those of registries that are no more."""
        value = json.dumps({"renewed": note.renewed}).encode()
        return {
            "success": [
                _put(self.note(note.writer), value),
                *(_delete(self.note(writer)) for writer in ended),
            ]
        }

    def read(self, event: Json) -> Heard | None:
        """
        Read an event of a watch, or what a range has as if it was one.

        :returns: nothing for a key that means nothing here.
        :raises Damaged: when this cannot be a registry's.
        """
        kv = event["kv"]
        key, revision = b64decode(kv["key"]).decode(errors="replace"), int(kv["mod_revision"])
        is_gone, own = event.get("type") == "DELETE", key.removeprefix(self.base)
        try:
            if (name := own.removeprefix(_PEERS)) != own:
                if is_gone:
                    return Heard(revision, Forget(peer_name(name)))
                held = Registration.kept({**_json(kv), "name": name})
                return Heard(revision, Put(held))
            if (writer := own.removeprefix(_NOTES)) != own:
                if is_gone:
                    return Heard(revision, NoteGone(writer))
                renewed = tuple(peer_name(name) for name in _json(kv)["renewed"])
                return Heard(revision, Note(writer, renewed))
        except (BadName, ValueError, KeyError, TypeError, msgspec.DecodeError) as error:
            raise Damaged(f"etcd has something else at {key}: {error!r}") from None
        return None

    def peer(self, name: PeerName) -> str:
        """Return the encoded key of a registration."""
        return self._key(_PEERS + name)

    def note(self, writer: str) -> str:
        """Return the encoded key of a registry's note."""
        return self._key(_NOTES + writer)

    def _place(self, place: tuple[str, int]) -> str:
        host, port = place
        return self._key(f"held/{host}:{port}")

    def _key(self, rest: str) -> str:
        return _encoded(f"{self.base}{rest}".encode())

    def _compared(self, key: str, what: str, revision: int) -> Json:
        """Demand that a key was written or made at a revision; 0 is that it does not exist."""
        return {
            "key": key,
            "target": what.upper(),
            "result": "EQUAL",
            f"{what}_revision": str(revision),
        }


def _held(net: Mapping[PeerName, Registration | None]) -> Iterator[tuple[PeerName, Registration]]:
    return ((name, held) for name, held in net.items() if held is not None)


def _revision(kept: KeptPlace | None) -> int:
    return 0 if kept is None else kept.revision


def _encoded(text: bytes) -> str:
    return b64encode(text).decode()


def _put(key: str, value: bytes) -> Json:
    return {"request_put": {"key": key, "value": _encoded(value)}}


def _delete(key: str) -> Json:
    return {"request_delete_range": {"key": key}}


def _json(kv: Json) -> Any:
    # Of a hundred thousand, it is what a registry waits for when it is started.
    return msgspec.json.decode(b64decode(kv.get("value", "")))


def _written(held: Registration) -> bytes:
    fields = {
        "host": held.address.host,
        "port": held.address.port,
        "token": held.token,
        "since": held.since,
        "is_listening": held.is_listening,
        "is_closed": held.is_closed,
    }
    return json.dumps(fields).encode()
