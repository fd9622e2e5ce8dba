"""
What registries keep in etcd: its keys, its values, and transactions on both.

    BASE/held/HOST:PORT     the name of the peer that has the place
    BASE/peers/NAME         the registration, as JSON
    BASE/registries/ID      who renewed at one registry lately, as JSON: see notes

A registration and its place are written and removed in one transaction, which compares what it
finds with what was known when it was decided. It leaves a note, too: see etcd_writing.
"""

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import attrs
import msgspec

from p2p_twisted.registry import etcd_requests as requests
from p2p_twisted.registry.notes import Note, NoteGone
from p2p_twisted.registry.roster import Change, Forget, Put, Registration
from p2p_twisted.wire.names import BadName, PeerName, peer_name

_PEERS: Final = "peers/"
_NOTES: Final = "registries/"
_NOTES_END: Final = "registries0"
"""The byte after the slash ends the range."""

Json = dict[str, Any]

Place = tuple[str, int]
"""A host and a port."""


class Damaged(ValueError):
    """
    Something else has written below the registries' keys; the text says where.

    :ivar heard: what that comes to, if a registration would be there.
    """

    def __init__(self, why: str, heard: "Heard | None") -> None:
        super().__init__(why)
        self.heard = heard


@attrs.frozen
class Spoiled:
    """Something else is where the registration of a name would be; it does not count."""

    name: PeerName


@attrs.frozen
class KeptPlace:
    """
    What is known of a registration that etcd keeps.

    :ivar host: empty where something else is in its place.
    :ivar revision: etcd's, of the transaction that wrote it last.
    """

    host: str
    port: int
    revision: int

    @classmethod
    def of(cls, held: Registration, revision: int) -> "KeptPlace":
        """Return what is known of a registration that was written at a revision."""
        return cls(held.address.host, held.address.port, revision)

    @property
    def place(self) -> Place:
        """Where the peer is."""
        return self.host, self.port


@attrs.frozen
class PlaceClaim:
    """
    What etcd has at a place.

    :ivar name: whose it would be.
    :ivar revision: as of a registration's.
    """

    name: str
    revision: int


@attrs.frozen
class Heard:
    """Something that etcd keeps from some revision on."""

    revision: int
    what: Change | Spoiled | Note | NoteGone


@attrs.frozen
class Keyspace:
    """
    The keys of one network.

    :param base: what all of them begin with.
    """

    base: str

    @classmethod
    def of(cls, prefix: str, network: str, root: str = "") -> "Keyspace":
        """Return those of an open network, or of a private one with that root, below a prefix."""
        # Outside of what an open network's registries watch.
        own = f"roots/{root}/" if root else ""
        return cls(f"{prefix}/{network}/v1/{own}")

    def watched(self) -> Json:
        """Return the range of what registries hear of each other: all but the places."""
        return {"key": self._key(_PEERS), "range_end": self._key(_NOTES_END)}

    def rest(self, after: str) -> Json:
        """Return what of that range comes after a key, which is encoded."""
        return {**self.watched(), "key": requests.encoded(b64decode(after) + b"\0")}

    def transaction(
        self,
        net: Mapping[PeerName, Registration | None],
        kept: Mapping[PeerName, KeptPlace],
        claims: Mapping[Place, PlaceClaim],
    ) -> Json:
        """
        Return what keeps registrations, or forgets them, if all is as it is known here.

        :param net: what is to be kept for each name.
        :param kept: what is known of what etcd keeps.
        :param claims: what it was found to have at places.
        """
        taken = {(held.address.host, held.address.port): name for name, held in _held(net)}
        known = {name: kept[name] for name in net if name in kept}
        freed = {was.place for was in known.values() if was.host}
        names = [self._unchanged(name, kept) for name in net]
        places = [self._free(place, kept, claims.get(place)) for place in taken.keys() - freed]
        return {
            "compare": [*names, *chain.from_iterable(places)],
            "success": [
                *(requests.delete(self._place(place)) for place in freed - taken.keys()),
                *(requests.delete(self.peer(name)) for name in known if net[name] is None),
                *(requests.put(self._place(place), name.encode()) for place, name in taken.items()),
                *(requests.put(self.peer(name), _written(held)) for name, held in _held(net)),
            ],
            # Perhaps it was kept already, and only the answer was lost.
            "failure": [requests.read(self.peer(name)) for name in net]
            + [requests.read(self._place(place)) for place in taken],
        }

    def is_kept(
        self, net: Mapping[PeerName, Registration | None], responses: Sequence[Json]
    ) -> dict[PeerName, int] | None:
        """
        Read from the answer to a transaction that was refused whether all of it was kept before.

        :returns: the revision of each registration; ``None`` where not all were.
        """
        revisions = {}
        for (name, held), response in zip(net.items(), responses, strict=False):
            kvs = requests.found(response)
            if [each["value"] for each in kvs] != (
                [] if held is None else [requests.encoded(_written(held))]
            ):
                return None
            if kvs:
                revisions[name] = int(kvs[0]["mod_revision"])
        return revisions

    def claims(
        self, net: Mapping[PeerName, Registration | None], responses: Sequence[Json]
    ) -> dict[Place, PlaceClaim]:
        """Read from the same answer what is at the places that were wanted."""
        wanted = [KeptPlace.of(held, 0).place for _name, held in _held(net)]
        found = zip(wanted, map(requests.found, responses[len(net) :]), strict=True)
        return {place: _claim(kv) for place, kvs in found for kv in kvs}

    def leave(self, note: Note) -> Json:
        """Return the part of a transaction that leaves a note."""
        return requests.put(self.note(note.writer), json.dumps({"renewed": note.renewed}).encode())

    def all_notes(self) -> Json:
        """Return the part of a transaction that finds when each note was written."""
        ends = {"key": self._key(_NOTES), "range_end": self._key(_NOTES_END)}
        return {"request_range": {**ends, "keys_only": True}}

    def noted(self, response: Json) -> dict[str, int]:
        """Read from the answer to that the revision of each writer's."""
        start = len(self.base + _NOTES)
        kvs = requests.found(response)
        return {
            b64decode(kv["key"]).decode(errors="replace")[start:]: int(kv["mod_revision"])
            for kv in kvs
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
        is_peer = (name := own.removeprefix(_PEERS)) != own
        try:
            if is_peer:
                if is_gone:
                    return Heard(revision, Forget(peer_name(name)))
                return Heard(revision, Put(Registration.kept({**_json(kv), "name": name})))
            if (writer := own.removeprefix(_NOTES)) != own:
                if is_gone:
                    return Heard(revision, NoteGone(writer))
                renewed = tuple(peer_name(name) for name in _json(kv)["renewed"])
                return Heard(revision, Note(writer, renewed))
        except (BadName, ValueError, KeyError, TypeError, RecursionError) as error:
            heard = Heard(revision, Spoiled(name)) if is_peer and _is_name(name) else None
            raise Damaged(f"etcd has something else at {key}: {error!r}", heard) from None
        return None

    def peer(self, name: PeerName) -> str:
        """Return the encoded key of a registration."""
        return self._key(_PEERS + name)

    def note(self, writer: str) -> str:
        """Return the encoded key of a registry's note."""
        return self._key(_NOTES + writer)

    def _unchanged(self, name: str, kept: Mapping[PeerName, KeptPlace]) -> Json:
        return requests.compared(self.peer(name), "mod", _revision(kept.get(name)))

    def _free(
        self, place: Place, kept: Mapping[PeerName, KeptPlace], claim: PlaceClaim | None
    ) -> list[Json]:
        """Demand that nobody has a place: a claim is void whose peer is elsewhere, or nowhere."""
        key = self._place(place)
        if claim is None or (claim.name in kept and kept[claim.name].place == place):
            return [requests.compared(key, "create", 0)]
        return [requests.compared(key, "mod", claim.revision), self._unchanged(claim.name, kept)]

    def _place(self, place: Place) -> str:
        host, port = place
        return self._key(f"held/{host}:{port}")

    def _key(self, rest: str) -> str:
        return requests.encoded(f"{self.base}{rest}".encode())


def _held(net: Mapping[PeerName, Registration | None]) -> Iterator[tuple[PeerName, Registration]]:
    return ((name, held) for name, held in net.items() if held is not None)


def _revision(kept: KeptPlace | None) -> int:
    return 0 if kept is None else kept.revision


def _claim(kv: Json) -> PlaceClaim:
    name = requests.value_of(kv).decode(errors="replace")
    return PlaceClaim(name, int(kv["mod_revision"]))


def _is_name(text: str) -> bool:
    try:
        return peer_name(text) == text
    except BadName:
        return False


def _json(kv: Json) -> Any:
    # Of a hundred thousand, it is what a registry waits for when it is started.
    return msgspec.json.decode(requests.value_of(kv))


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
