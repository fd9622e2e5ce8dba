"""What a peer and the registry say to each other."""

from typing import Annotated

import attrs
from msgspec import Meta

from p2p_twisted.runtime.amounts import DAY_SECONDS
from p2p_twisted.wire import limits
from p2p_twisted.wire.messages.message import Addresses, Date, Digest, Message
from p2p_twisted.wire.names import PeerAddress, PeerName, Port, Token, valid_host

Seconds = Annotated[float, Meta(ge=0, le=DAY_SECONDS)]


@attrs.frozen
class Join(Message):
    """
    Ask to be introduced.

    :ivar name: as typed; the registry folds it.
    :ivar port: the wanted one; without it the registry picks one from its pool.
    :ivar token: of an earlier registration under this name, to take it up again; or one of its
        own, so that a registry that has let it in knows it where the answer was lost.
    :ivar unusable: ports of the pool that the peer could not listen on.
    :ivar advertise: a host other than the connection's, where the registry allows it.
    """

    verb = "P2P"

    name: Annotated[str, Meta(max_length=64)] | None = None
    port: Port | None = None
    token: Token | None = None
    unusable: Annotated[tuple[Port, ...], Meta(max_length=limits.UNUSABLE_PORTS)] = ()
    advertise: str | None = attrs.field(
        default=None, validator=attrs.validators.optional(valid_host)
    )

    @property
    def sender(self) -> PeerName | None:
        """Its name, folded; ``None`` without one."""
        return None if self.name is None else self.name.strip().lower()


@attrs.frozen
class Welcome(Message):
    """
    Registered.

    :ivar name: the peer's, folded.
    :ivar host: where the registry sends others to.
    :ivar port: the one to listen on.
    :ivar lease: how long, unless renewed, in seconds.
    :ivar token: the secret to renew, leave or rejoin with.
    :ivar referrals: live peers to link with, in no order that means anything.
    :ivar reachable: whether the registry could dial the peer, where a ``RENEW`` asked for that;
        absent where it has not tried.
    :ivar date: the registry's, in seconds since 1970, in the answer to such a ``RENEW``.
    :ivar revoked: the digest of the revocations that it knows, in a private network.
    :ivar stop: a signed statement there by which all peers are to end.
    """

    verb = "WELCOME"
    # A registry has all of it from requests, which were, or from its store, which is as it loads.
    is_read_back = False

    name: PeerName
    host: str = attrs.field(validator=valid_host)
    port: Port
    lease: Seconds
    token: Token
    referrals: Addresses = ()
    reachable: bool | None = None
    date: Date | None = None
    revoked: Digest | None = None
    stop: Annotated[str, Meta(max_length=2_048)] | None = None

    @property
    def address(self) -> PeerAddress:
        """Where others reach the peer."""
        return PeerAddress(self.name, self.host, self.port)


@attrs.frozen
class Renew(Message):
    """
    Extend a lease; the first one says that the peer now listens.

    :ivar name: whose lease.
    :ivar token: of the registration.
    :ivar dial: dial the peer, and say in ``WELCOME`` whether it could be reached.
    """

    verb = "RENEW"

    name: PeerName
    token: Token
    dial: bool = False

    @property
    def sender(self) -> PeerName:
        """Its name."""
        return self.name


@attrs.frozen
class Leave(Message):
    """
    End a lease.

    :ivar name: whose lease.
    :ivar token: of the registration.
    """

    verb = "LEAVE"

    name: PeerName
    token: Token

    @property
    def sender(self) -> PeerName:
        """Its name."""
        return self.name


@attrs.frozen
class Report(Message):
    """
    A neighbor does not answer any more; the registry will see for itself.

    :ivar peer: the neighbor.
    """

    verb = "REPORT"

    peer: PeerAddress
