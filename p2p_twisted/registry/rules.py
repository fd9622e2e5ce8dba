"""Decide what the registry answers: all of its rules, and nothing else."""

import hmac
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

import attrs

from p2p_twisted.registry import limits, refusals
from p2p_twisted.registry.leases import lease_seconds
from p2p_twisted.registry.referral_pool import Random
from p2p_twisted.registry.roster import Change, Extend, Forget, Put, Registration, Roster
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.messages import Bye, Error, Join, Leave, Message, Renew, Report, Welcome
from p2p_twisted.wire.names import (
    BadName,
    PeerAddress,
    PeerName,
    Token,
    is_loopback,
    peer_name,
)

_TOKEN_BITS: Final = 128

Question = Join | Renew | Leave | Report


@attrs.frozen
class Policy:
    """
    What the operator decided.

    :ivar ports: the pool of ports for the peers of each host.
    :ivar is_open: whether it listens beyond loopback.
    :ivar is_private: whether its network is private.
    :ivar believes_advertised: whether a peer may name its host itself.
    :ivar renewals_per_second: how many leases may be renewed, on average.
    """

    ports: range
    is_open: bool = False
    is_private: bool = False
    believes_advertised: bool = False
    renewals_per_second: int = limits.RENEWALS_PER_SECOND


@attrs.frozen
class Dialed:
    """
    Not a message, but what a dial of a registered peer has found.

    :ivar address: where it was dialed.
    """

    address: PeerAddress
    is_reached: bool


@attrs.frozen
class RegistryRequest:
    """
    A message to the registry, and what must be known to decide about it.

    :ivar host: the IP address that it comes from.
    :ivar date: in seconds since 1970, for people only.
    :ivar is_checked: whether the peers in its way were found to be alive.
    """

    message: Question | Dialed
    host: str
    date: float
    is_checked: bool = False


@attrs.frozen
class Decision:
    """An answer, and the changes that must be stored before it is sent."""

    answer: Message
    changes: tuple[Change, ...] = ()


@attrs.frozen
class Check:
    """Check first whether these are alive, and forget those that are not; then decide again."""

    doubtful: tuple[Registration, ...]


class _Refused(Exception):
    """Ends a decision with an :class:`Error`."""

    def __init__(self, error: Error) -> None:
        self.error = error


def decide(
    roster: Roster, policy: Policy, request: RegistryRequest, now: float, rng: Random
) -> Decision | Check:
    """
    Decide about a request.

    :param now: seconds on the monotonic clock.
    :param rng: makes tokens, so it must be unpredictable.
    """
    try:
        match request.message:
            case Join() as join:
                return _join(roster, policy, request, join, now=now, rng=rng)
            case Renew(name=name, token=token):
                return _renew(roster, policy, _held(roster, name, token), now, rng)
            case Leave(name, token):
                return _leave(roster, name, token)
            case Report(peer):
                return _report(roster, peer, request.is_checked)
            case Dialed() as dialed:
                return _dialed(roster, dialed)
    except _Refused as refused:
        return Decision(refused.error)


def _join(
    roster: Roster, policy: Policy, request: RegistryRequest, join: Join, *, now: float, rng: Random
) -> Decision | Check:
    name = _name(join.name)
    host = _host(policy, request.host, join.advertise)
    mine = roster.named(name)
    if mine is not None and not _is_proven(mine, join.token):
        return _unless_dead(request, [mine], _held_by(mine, refusals.name_taken, now))
    if mine is None:
        _check_room(roster, host)
    holders: list[Registration] = []
    for port in _usable_ports(policy, join, mine, host):
        holder = roster.placed(host, port)
        if holder is None or holder is mine:
            break
        holders.append(holder)
    else:
        return _unless_dead(request, holders, _no_port(policy, join, host, holders, now))
    if mine is not None and mine.is_listening:
        return _again(roster, request, mine, PeerAddress(name, host, port), now=now, rng=rng)
    registration = Registration(
        PeerAddress(name, host, port),
        token=join.token or f"{rng.getrandbits(_TOKEN_BITS):032x}",
        since=request.date if mine is None else mine.since,
        expires=now + limits.RESERVATION_SECONDS,
    )
    answer = _welcome(roster, registration, limits.RESERVATION_SECONDS, wire_limits.REFERRALS, rng)
    return Decision(answer, (Put(registration),))


def _again(
    roster: Roster,
    request: RegistryRequest,
    mine: Registration,
    address: PeerAddress,
    *,
    now: float,
    rng: Random,
) -> Decision | Check:
    """
    Decide about a peer that joins again with its token while it is registered.

    Where it was, it may have crashed; elsewhere it is a copy as long as the original is alive.
    """
    if address != mine.address:
        return _unless_dead(request, [mine], _held_by(mine, refusals.copied, now))
    lease = max(0.0, mine.expires - now)
    return Decision(_welcome(roster, mine, lease, wire_limits.REFERRALS, rng))


def _held_by(
    holder: Registration, refusal: Callable[[Registration, float], Error], now: float
) -> Error:
    """Refuse a name that has a holder; for good only where a dial would tell that it is alive."""
    return refusals.perhaps_taken(holder, now) if holder.is_closed else refusal(holder, now)


def _renew(roster: Roster, policy: Policy, mine: Registration, now: float, rng: Random) -> Decision:
    lease = lease_seconds(len(roster), policy.renewals_per_second)
    change: Change = Extend(mine.name, now + lease)
    if not mine.is_listening:
        change = Put(attrs.evolve(mine, expires=now + lease, is_listening=True))
    return Decision(_welcome(roster, mine, lease, limits.RENEWAL_REFERRALS, rng), (change,))


def _leave(roster: Roster, name: PeerName, token: Token) -> Decision:
    if roster.named(name) is None:
        return Decision(Bye("noted"))
    return Decision(Bye("noted"), (Forget(_held(roster, name, token).name),))


def _report(roster: Roster, peer: PeerAddress, is_checked: bool) -> Decision | Check:
    reported = roster.named(peer.name)
    if is_checked or reported is None or reported.address != peer or not reported.is_listening:
        return Decision(Bye("noted"))
    return Check((reported,))


def _dialed(roster: Roster, dialed: Dialed) -> Decision:
    """Keep whether others can dial a peer, unless it is elsewhere by now, or gone."""
    held = roster.named(dialed.address.name)
    # On loopback there are no firewalls: whoever does not greet there is not there.
    is_closed = not (dialed.is_reached or is_loopback(dialed.address.host))
    if held is None or held.address != dialed.address or held.is_closed is is_closed:
        return Decision(Bye("noted"))
    return Decision(Bye("noted"), (Put(attrs.evolve(held, is_closed=is_closed)),))


def _welcome(
    roster: Roster, mine: Registration, lease: float, referrals: int, rng: Random
) -> Welcome:
    return Welcome(
        name=mine.name,
        host=mine.address.host,
        port=mine.address.port,
        lease=lease,
        token=mine.token,
        referrals=roster.referrals(rng, referrals, besides=mine.name),
    )


def _name(typed: str | None) -> PeerName:
    if typed is None:
        raise _Refused(refusals.NO_NAME)
    try:
        return peer_name(typed)
    except BadName as error:
        raise _Refused(Error(str(error))) from None


def _host(policy: Policy, connected: str, advertised: str | None) -> str:
    if advertised not in (None, connected) and not policy.believes_advertised:
        raise _Refused(refusals.ADVERTISED)
    host = connected if advertised is None else advertised
    is_open, is_private = policy.is_open, policy.is_private
    refusal = refusals.at_host(host, connected, is_open=is_open, is_private=is_private)
    if refusal is not None:
        raise _Refused(refusal)
    return host


def _check_room(roster: Roster, host: str) -> None:
    if len(roster) >= limits.REGISTERED:
        raise _Refused(refusals.too_many("this registry", limits.REGISTERED))
    if roster.on_host(host) >= limits.REGISTERED_PER_HOST and not is_loopback(host):
        raise _Refused(refusals.too_many(host, limits.REGISTERED_PER_HOST))


def _usable_ports(
    policy: Policy, join: Join, mine: Registration | None, host: str
) -> Iterator[int]:
    """List the ports that would do, the best one first."""
    if join.port is not None:
        yield join.port
        return
    unusable = frozenset(join.unusable)
    own = [mine.address.port] if mine is not None and mine.address.host == host else []
    for port in chain(own, policy.ports):
        if port not in unusable:
            yield port


def _no_port(
    policy: Policy, join: Join, host: str, holders: Sequence[Registration], now: float
) -> Error:
    if join.port is not None:
        [holder] = holders
        return refusals.port_taken(holder, now)
    return refusals.full(policy.ports, host, holders)


def _is_proven(registration: Registration, token: Token | None) -> bool:
    return token is not None and hmac.compare_digest(registration.token, token)


def _held(roster: Roster, name: PeerName, token: Token) -> Registration:
    mine = roster.named(name)
    if mine is None or not _is_proven(mine, token):
        raise _Refused(refusals.unknown(name))
    return mine


def _unless_dead(
    request: RegistryRequest, in_the_way: Iterable[Registration], error: Error
) -> Decision | Check:
    """Refuse once the listening peers in the way were found alive; reservations are not checked."""
    doubtful = sorted(
        (holder for holder in in_the_way if holder.is_listening), key=lambda holder: holder.expires
    )
    if doubtful and not request.is_checked:
        return Check(tuple(doubtful[: limits.CHECKS_PER_REQUEST]))
    return Decision(error)
