"""Store registrations in etcd, where other registries have theirs, too."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import attrs
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from p2p_twisted.registry import limits
from p2p_twisted.registry.etcd_client import Etcd
from p2p_twisted.registry.etcd_following import EtcdFollowing
from p2p_twisted.registry.etcd_gateway import EtcdFault
from p2p_twisted.registry.etcd_keys import (
    Heard,
    KeptPlace,
    Keyspace,
    Place,
    PlaceClaim,
    Spoiled,
)
from p2p_twisted.registry.notes import Notes
from p2p_twisted.registry.roster import Change, Extend, Forget, Put, Registration
from p2p_twisted.registry.store import Conflict, IRegistryStore, outcome
from p2p_twisted.wire.names import PeerName

_CHANGES: Final = 40
"""By default, etcd takes 128 operations in a transaction; a change has up to three, a note two."""


def new_id() -> str:
    """Return an id that no other run of a registry has."""
    return secrets.token_hex(8)


@implementer(IRegistryStore)
class EtcdStore:
    """
    Keeps registrations in etcd, for any number of registries.

    What etcd has decides: a change is kept only if no other registry has changed the same since
    it was decided here.

    :param own: this run's id among the registries.
    """

    log = Logger()
    is_shared = True
    most_changes = _CHANGES
    gather_seconds = 0.0
    lag_seconds = limits.STORE_SILENT_SECONDS

    def __init__(self, reactor: IReactorTime, etcd: Etcd, keys: Keyspace, own: str) -> None:
        self._etcd = etcd
        self._keys = keys
        # As of all that the registry has been told.
        self._kept: dict[PeerName, KeptPlace] = {}
        # What else was found to be at places that were wanted.
        self._claims: dict[Place, PlaceClaim] = {}
        # The revisions of own changes that the watch has not told of yet.
        self._own: set[int] = set()
        self._hear: Callable[[Change], bool] = lambda _change: True
        self._following = EtcdFollowing(
            reactor,
            etcd,
            keys,
            Notes(own),
            take=self._take,
            anew=self._anew,
            renew_all=self._renew_all,
        )

    @property
    def fault(self) -> str | None:
        """Why it cannot be used now: see :class:`IRegistryStore`."""
        return self._following.fault

    @property
    def is_first(self) -> bool:
        """Whether this registry forgets whose leases ran out: see :class:`IRegistryStore`."""
        return self._following.is_first

    def open(self) -> None:
        """Be ready: connections are made when something is to be sent."""

    def load(self) -> "Deferred[tuple[Registration, ...]]":
        """Load everything: see :class:`IRegistryStore`."""
        return Deferred.fromCoroutine(self._load())

    def follow(self, hear: Callable[[Change], bool]) -> None:
        """Tell what others change: see :class:`IRegistryStore`."""
        self._hear = hear
        self._following.start()

    def catch_up(self) -> "Deferred[None]":
        """Tell all that others have stored: see :class:`IRegistryStore`."""
        return self._following.catch_up()

    def renewed(self, name: PeerName) -> None:
        """Tell others of a longer lease: see :class:`IRegistryStore`."""
        self._following.renewed(name)

    def apply(self, changes: Sequence[Change]) -> "Deferred[None]":
        """Keep all or nothing: see :class:`IRegistryStore`."""
        net = outcome(changes)
        if not net:
            return succeed(None)
        places = [(held.address.host, held.address.port) for held in net.values() if held]
        if len(set(places)) < len(places):
            return fail(Conflict("two peers have one place"))
        kept: Deferred[None] = Deferred()
        Deferred.fromCoroutine(self._apply(net)).addBoth(self._settled, kept)
        return kept

    async def _close(self) -> None:
        await self._following.close()
        await self._etcd.close()

    def close(self) -> "Deferred[None]":
        """Close all connections: see :class:`IRegistryStore`."""
        return Deferred.fromCoroutine(self._close())

    async def _load(self) -> tuple[Registration, ...]:
        found = await self._following.read()
        held = [(heard.what.registration, heard) for heard in found if isinstance(heard.what, Put)]
        self._kept = {each.name: KeptPlace.of(each, heard.revision) for each, heard in held}
        for heard in found:
            if isinstance(heard.what, Spoiled):
                self._kept[heard.what.name] = KeptPlace("", 0, heard.revision)
        return tuple(each for each, _heard in held)

    async def _apply(self, net: Mapping[PeerName, Registration | None]) -> None:
        question = self._keys.transaction(net, self._kept, self._claims)
        try:
            answer = await self._following.transact(question)
        except EtcdFault as fault:
            self._following.doubt(fault)
            raise
        if answer.get("succeeded"):
            revision = int(answer["header"]["revision"])
            revisions = dict.fromkeys(net, revision)
            self._own.add(revision)
        else:
            before = self._keys.is_kept(net, answer["responses"])
            if before is None:
                self._claims = self._keys.claims(net, answer["responses"])
                raise Conflict("another registry has changed the same")
            revisions = before
            self._own.update(before.values())
        for name, held in net.items():
            self._kept.pop(name, None)
            if held is not None:
                self._kept[name] = KeptPlace.of(held, revisions[name])

    def _settled(self, result: Failure | None, kept: "Deferred[None]") -> None:
        if isinstance(result, Failure):
            kept.errback(result)
        else:
            kept.callback(None)
        # What was heard of the same peers meanwhile.
        self._following.go_on()

    def _take(self, heard: Heard) -> bool:
        """Tell the registry what has happened, unless it was its own doing; it may not take it."""
        change = heard.what
        assert isinstance(change, Change | Spoiled)
        known = self._kept.get(change.name)
        if isinstance(change, Extend):
            return known is None or self._hear(change)
        self._own = {each for each in self._own if each >= heard.revision}
        if heard.revision in self._own or (known and known.revision >= heard.revision):
            return True
        if not self._hear(Forget(change.name) if isinstance(change, Spoiled) else change):
            return False
        match change:
            case Put(registration):
                self._kept[change.name] = KeptPlace.of(registration, heard.revision)
            case Spoiled(name):
                self._kept[name] = KeptPlace("", 0, heard.revision)
            case _:
                self._kept.pop(change.name, None)
        return True

    def _anew(self, found: Sequence[Heard], revision: int, is_rewound: bool) -> Sequence[Heard]:
        if is_rewound:
            # What is there now has revisions that were others' before.
            self._own.clear()
            self._claims = {}
            self._kept = {name: attrs.evolve(each, revision=0) for name, each in self._kept.items()}
        names = {each.what.name for each in found if isinstance(each.what, Put)}
        gone = [name for name, kept in self._kept.items() if kept.revision <= revision]
        forgotten = [Heard(revision, Forget(name)) for name in gone if name not in names]
        return [*forgotten, *found]

    def _renew_all(self) -> None:
        for name in list(self._kept):
            self._hear(Extend(name, 0.0))
