"""What all messages have in common, and those that any connection may carry."""

from typing import Annotated, ClassVar, Final, Literal

import attrs
from msgspec import Meta

from p2p_twisted.runtime.amounts import DAY_SECONDS
from p2p_twisted.wire import limits
from p2p_twisted.wire.names import NetworkName, PeerAddress, PeerName, valid_text

PROTOCOL: Final = 1

Addresses = Annotated[tuple[PeerAddress, ...], Meta(max_length=limits.SAMPLE)]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Date = Annotated[float, Meta(ge=0, le=100_000_000_000)]
Size = Annotated[int, Meta(ge=0, le=limits.FILE_BYTES)]
Reason = Annotated[str, Meta(max_length=limits.REASON_CHARACTERS)]


class Message:
    """
    What all messages have in common.

    :cvar is_read_back: whether its sender reads its own line, so that no other side has to refuse
        it: not where each of its values was checked when it came.
    """

    __slots__ = ()

    verb: ClassVar[str]
    is_read_back: ClassVar[bool] = True

    @property
    def sender(self) -> PeerName | None:
        """Whom it claims to come from; ``None`` where it does not say."""
        return None


@attrs.frozen
class Hello(Message):
    """
    The listener's first line: it says who answers here.

    :ivar protocol: the version of the protocol that it speaks.
    :ivar role: what it is.
    :ivar name: its name; a registry's is ``registry``.
    :ivar network: the network that it belongs to.
    """

    verb = "HELLO"

    protocol: Annotated[int, Meta(ge=1)]
    role: Literal["registry", "peer"]
    name: PeerName
    network: NetworkName

    @property
    def sender(self) -> PeerName:
        """Its name."""
        return self.name

    def is_from(self, role: str, name: PeerName, network: NetworkName) -> bool:
        """Return whether this is the one that we wanted, with a protocol that we speak."""
        theirs = (self.role, self.name, self.network, self.protocol)
        return theirs == (role, name, network, PROTOCOL)


@attrs.frozen
class Error(Message):
    """
    Why the other side cannot be helped; the connection usually closes.

    :ivar reason: one sentence for people.
    :ivar code: the kind of reason, for programs: ``flag`` an unknown verb, which may
        be tried again; ``taken`` a name or port; ``reserved`` the same, but perhaps only
        for a moment; ``full`` no port or place is left; ``later`` what passes by itself;
        ``unknown`` not registered, so join again, or no invite
        is called so; ``refused`` anything else that will
        not be done.
    :ivar within: where a peer that nobody can dial is in the way, in how many seconds that is
        gone unless it is alive.
    :ivar certify: a member whose certificate does not count here may ask for another one first.
    """

    verb = "ERROR"

    reason: Reason = attrs.field(validator=valid_text)
    code: Literal[
        "malformed", "flag", "taken", "reserved", "full", "later", "unknown", "refused"
    ] = "malformed"
    certify: bool = False
    within: Annotated[float, Meta(ge=0, le=DAY_SECONDS)] | None = None


@attrs.frozen
class Bye(Message):
    """
    The last line of a link, or the registry's answer where there is nothing to say.

    :ivar why: the reason; ``noted`` is the registry's answer.
    :ivar peers: others to link with instead.
    """

    verb = "BYE"

    why: Literal[
        "leaving", "stopping", "evicted", "duplicate", "silent", "slow", "abuse", "noted"
    ] = "leaving"
    peers: Addresses = ()


@attrs.frozen
class Ping(Message):
    """
    Are you there? The answer is ``PONG``.

    :ivar n: any number.
    """

    verb = "PING"

    n: Annotated[int, Meta(ge=0, lt=2**53)]


@attrs.frozen
class Pong(Message):
    """
    I am.

    :ivar n: the ping's.
    """

    verb = "PONG"

    n: Annotated[int, Meta(ge=0, lt=2**53)]
