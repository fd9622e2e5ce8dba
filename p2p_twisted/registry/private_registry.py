"""What makes a registry that of a private network: made with its options, run as a service."""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from random import SystemRandom
from typing import Any, Final, Self

from attrs import frozen
from twisted.application.service import MultiService

from p2p_twisted.registry.authority import Authority
from p2p_twisted.registry.authority_files import (
    ISSUER_FILE,
    KeyPlace,
    OpenedAuthority,
    finish_second,
    open_authority,
    save_records,
    save_second,
)
from p2p_twisted.registry.enrollment import Enrollment
from p2p_twisted.registry.joining_private import CannotJoin, join_as_registry
from p2p_twisted.registry.listening_place import places_of
from p2p_twisted.registry.location import show_location
from p2p_twisted.registry.private_service import CatchingUp, OwnRenewal
from p2p_twisted.registry.shared_records import SharedRecords
from p2p_twisted.runtime.addresses import NO_ADDRESS
from p2p_twisted.runtime.amounts import DAY_SECONDS
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.trust.credentials import Credentials, key_hash, new_key
from p2p_twisted.trust.identity import ADMIN
from p2p_twisted.trust.invite import Invite
from p2p_twisted.trust.limits import INVITE_PLACES, ISSUER_RENEWAL_DAYS
from p2p_twisted.trust.open_invites import OpenInvite
from p2p_twisted.trust.tls import TlsSecurity
from p2p_twisted.trust.trust_errors import BadInvite, TrustError
from p2p_twisted.wire.beacon import ROOT_BYTES, RootStart
from p2p_twisted.wire.names import NetworkName

_FIRST_USES: Final = 10


@frozen
class PrivateRegistry:
    """
    A private network's keys and records, opened.

    :ivar own: what the registry shows.
    :ivar places: returns where others reach it now; raises TrustError where they do not.
    :ivar lines: what its operator should know.
    """

    authority: Authority
    own: Credentials
    folder: OwnFolder
    places: Callable[[], tuple[str, ...]]
    lines: tuple[str, ...]

    @property
    def root(self) -> str:
        """What tells its network from another one of the same name."""
        return key_hash(self.own.root.public_key()).hex()


def open_private(
    keys: Path,
    network: NetworkName,
    listen: str,
    root_key: Path | None = None,
    date: Callable[[], float] = time.time,
    *,
    is_read_by_others: bool = False,
) -> PrivateRegistry:
    """
    Make a private network, or open the one that is there; blocks.

    :param listen: the endpoint that the registry will listen on: invites name it.
    :param root_key: where the root's key is, or is to be, if not with the others.
    :param date: reads the time of day, in seconds since 1970.
    :param is_read_by_others: whether what is told to the operator is, so that it has no invites.
    :raises OSError, TrustError: when that cannot be done.
    """
    folder, rng, now = OwnFolder(keys), SystemRandom(), date()
    folder.open()
    root_at = None if root_key is None else KeyPlace.at(root_key)
    opened = open_authority(folder, network, rng, now, root_at)
    places = partial(_places, listen)
    if not opened.is_new:
        lines = [
            f"private network {network}, whose keys are in {keys}; registry {opened.authority.id}",
            *_ending(opened.ends, now),
        ]
        return PrivateRegistry(opened.authority, opened.own, folder, places, tuple(lines))
    lines = [
        f"made the private network {network}, whose keys are in {keys}: back them up;"
        f" registry {opened.authority.id}"
    ]
    if root_key is not None:
        lines.append(f"the key of its root is {root_key}: keep it elsewhere, and a copy of it")
    lines += [_ASK_FOR_INVITES] if is_read_by_others else _first_invites(opened, places, now)
    save_records(opened.authority, folder)
    return PrivateRegistry(opened.authority, opened.own, folder, places, tuple(lines))


def become_second(keys: Path, network: NetworkName, code: str) -> None:
    """
    Come into a private network as another registry of it, unless this is one; blocks.

    :param code: an invite.
    :raises CannotJoin: when it is no invite, or the network's registry does not let it.
    :raises OSError, TrustError: when the keys cannot be kept.
    """
    folder = OwnFolder(keys)
    folder.open()
    try:
        finish_second(folder, network)
        if ISSUER_FILE not in folder.names():
            joined = join_as_registry(Invite.read(code), network, new_key())
            save_second(folder, network, joined.credentials)
    except BadInvite as error:
        raise CannotJoin(str(error), Exit.USAGE) from None
    finally:
        folder.close()


def _ending(ends: float, now: float) -> Iterator[str]:
    days = (ends - now) / DAY_SECONDS
    if days < ISSUER_RENEWAL_DAYS:
        yield (
            f"this registry can let nobody in, or keep anybody, from {days:.0f} days on:"
            " start it once with --root-key FILE, the key of the network's root"
        )


_ASK_FOR_INVITES: Final = (
    "others may read this, so it has no invites: p2p invite --of-registry makes them, and with"
    " --admin one for yourself"
)
_FIRST_INVITES: Final[Sequence[tuple[str, int, frozenset[str]]]] = (
    ("for yourself (an admin: may stop, invite and revoke; one use, 24 h)", 1, frozenset([ADMIN])),
    (f"for others ({_FIRST_USES} uses, 24 h)", _FIRST_USES, frozenset()),
)


def _first_invites(
    opened: OpenedAuthority, places: Callable[[], tuple[str, ...]], now: float
) -> Iterator[str]:
    try:
        there = places()
    except TrustError as error:
        yield f"{error}; p2p invite --of-registry makes invites then, --admin one for yourself"
        return
    for what, uses, roles in _FIRST_INVITES:
        record = partial(OpenInvite, uses=uses, expires=now + DAY_SECONDS, roles=roles)
        yield f"{what}:"
        # On a line of its own, so that no terminal breaks it, and a click selects it.
        yield f"  {opened.authority.invite(there, record, now)}"


@frozen
class PrivateParts:
    """The parts of a private network's registry that run."""

    security: TlsSecurity
    enrollment: Enrollment

    @property
    def root(self) -> RootStart:
        """How the hash of the root's key begins, which newcomers know from their invites."""
        return key_hash(self.security.credentials.root.public_key())[:ROOT_BYTES].hex()

    @classmethod
    def of(
        cls,
        opened: PrivateRegistry,
        reactor: Any,
        daemon: MultiService,
        offload: Offload,
        date: Callable[[], float] = time.time,
        *,
        shared: SharedRecords | None = None,
    ) -> Self:
        """
        Make them, with what they need of services.

        :param offload: calls what blocks, in the order in which it is given that.
        :param date: reads the time of day, in seconds since 1970.
        :param shared: what other registries of the network know, too.
        """
        authority, revocations = opened.authority, opened.authority.revocations
        security = TlsSecurity(opened.own, revocations, reactor, welcomes_newcomers=True, date=date)
        OwnRenewal(reactor, authority, security, date).setServiceParent(daemon)
        enrollment = Enrollment(
            authority,
            opened.folder,
            places=opened.places,
            offload=offload,
            clock=reactor,
            date=date,
            cut=security.cut,
            own=lambda: security.credentials,
            shared=shared,
        )
        if shared is not None:
            CatchingUp(reactor, shared, enrollment.catch_up).setServiceParent(daemon)
        security.admitted.watch(enrollment.shown)
        return cls(security, enrollment)


def _places(listen: str) -> tuple[str, ...]:
    """
    Return where others reach a registry that listens on an endpoint.

    :raises TrustError: when they do not, as this machine has no address yet.
    """
    hosts, port = places_of(listen)
    if not hosts:
        raise TrustError(
            f"{NO_ADDRESS}; or, for peers of this machine alone, start the registry with --listen"
            f" tcp:{port}:interface=127.0.0.1"
        )
    return tuple(show_location(host, port) for host in hosts[:INVITE_PLACES])
