"""Read which store an operator means, and make it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import attrs
from twisted.web.iweb import IPolicyForHTTPS

from p2p_twisted.registry.etcd import EtcdStore, new_id
from p2p_twisted.registry.etcd_client import EtcdClient, EtcdLogin
from p2p_twisted.registry.etcd_keys import Keyspace
from p2p_twisted.registry.etcd_location import (
    ETCD,
    EtcdLocation,
    read_etcd,
    read_login,
    read_policy,
)
from p2p_twisted.registry.location import BadLocation
from p2p_twisted.registry.shared_records import SharedRecords
from p2p_twisted.registry.sqlite import SqliteStore
from p2p_twisted.registry.store import IRegistryStore, MemoryStore, StoreFault, cannot_use
from p2p_twisted.runtime.addresses import is_ip
from p2p_twisted.runtime.os_errors import in_words
from p2p_twisted.runtime.threads import Offload, inline
from p2p_twisted.wire.names import NetworkName, is_loopback

SQLITE: Final = "sqlite:"
_MEMORY: Final = "memory:"

StorePlace = Path | EtcdLocation | None
"""A file of SQLite, members of etcd, or ``None`` for in memory."""


class BadStore(Exception):
    """There is no such store; the text says what there is."""


@attrs.frozen
class EtcdAccess:
    """What lets a registry in at etcd; nothing where anybody is let in."""

    policy: IPolicyForHTTPS | None = None
    login: EtcdLogin | None = None

    @classmethod
    def read(cls, paths: Mapping[str, Path]) -> "EtcdAccess":
        """
        Read the files of the options ``etcd-ca``, ``etcd-certificate`` and ``etcd-login``.

        :raises BadStore: when one of them cannot be used.
        """
        try:
            policy = read_policy(paths.get("etcd-ca"), paths.get("etcd-certificate"))
            login = paths.get("etcd-login")
            return cls(policy, None if login is None else read_login(login))
        except (OSError, ValueError) as error:
            raise BadStore(f"to be let in by etcd: {in_words(error)}") from None


def read_store(text: str) -> StorePlace:
    """
    Read ``sqlite:FILE``, ``etcd://HOST:PORT,HOST:PORT/PREFIX`` or ``memory:``.

    :raises BadStore: for anything else.
    """
    if text == _MEMORY:
        return None
    if text.startswith(ETCD):
        try:
            return read_etcd(text)
        except BadLocation:
            raise BadStore(f"takes etcd://HOST:PORT,HOST:PORT/PREFIX, not {text!r}") from None
    path = text.removeprefix(SQLITE)
    if path in ("", text):
        raise BadStore(f"takes sqlite:FILE, etcd://HOST:PORT or memory:, not {text!r}")
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError:
        raise BadStore(f"names a home directory that is not there: {path}") from None


def make_shared_records(
    place: StorePlace, access: EtcdAccess, network: NetworkName, reactor: Any, root: str
) -> SharedRecords | None:
    """
    Make what several registries of a private network share, where their store is for several.

    :param root: tells the network from another one of the same name.
    """
    if not isinstance(place, EtcdLocation):
        return None
    etcd = EtcdClient(reactor, place.members, policy=access.policy, login=access.login)
    return SharedRecords(etcd, f"{Keyspace.of(place.prefix, network).base}trust/{root}/")


def check_store(place: StorePlace) -> None:
    """
    Find out whether a store that is there could be used, before what cannot be undone; blocks.

    Of etcd it is found out later.

    :raises CannotStart: when another registry uses it, or it is none.
    """
    if isinstance(place, Path) and place.exists():
        store = SqliteStore(place, inline)
        try:
            store.open()
        except StoreFault as fault:
            raise cannot_use(fault) from fault
        store.close()


def is_safe(place: StorePlace, access: EtcdAccess) -> bool:
    """Return whether nobody on the way can change what a store says."""
    if not isinstance(place, EtcdLocation) or access.policy is not None:
        return True
    return all(is_ip(host) and is_loopback(host) for host, _port in place.members)


def make_store(
    place: StorePlace,
    access: EtcdAccess,
    network: NetworkName,
    reactor: Any,
    in_order: Callable[[], Offload],
    *,
    root: str = "",
) -> IRegistryStore:
    """
    Make a store; nothing is opened yet.

    :param in_order: makes what calls in a thread, in the order of the calls to it.
    :param root: tells a private network from others of the same name; empty for an open one.
    """
    match place:
        case None:
            return MemoryStore()
        case EtcdLocation(members, prefix):
            etcd = EtcdClient(reactor, members, policy=access.policy, login=access.login)
            return EtcdStore(reactor, etcd, Keyspace.of(prefix, network, root), new_id())
        case _:
            return SqliteStore(place, in_order())
