"""Registrations, and requests about them."""

from random import Random

from attrs import evolve

from p2p_twisted.registry.roster import Registration, Roster
from p2p_twisted.registry.rules import (
    Check,
    Decision,
    Policy,
    Question,
    RegistryRequest,
    decide,
)
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.wire.messages import PROTOCOL, Error, Hello, Welcome
from p2p_twisted.wire.names import PeerAddress, is_loopback

LOOPBACK = "127.0.0.1"
FAR = "192.0.2.7"
NOW = 1_000.0
SINCE = 1_790_000_000.0
"""2026-09-21 14:13:20 UTC"""

DATE = SINCE + 86_400

HELLO = Hello(PROTOCOL, "registry", "registry", "default")

POLICY = Policy(range(9000, 9010))


def token(name: str) -> str:
    """Make the token of a peer."""
    return name.encode().hex().rjust(32, "0")


def registration(
    name: str,
    port: int = 9000,
    host: str = LOOPBACK,
    expires: float = NOW + 60,
    is_listening: bool = True,
    is_closed: bool = False,
) -> Registration:
    """Make a registration."""
    address = PeerAddress(name, host, port)
    return Registration(address, token(name), SINCE, expires, is_listening, is_closed)


def crowd(count: int) -> list[Registration]:
    """Make so many listening peers ``s0``, ``s1``, ... on the ports from 9000 on."""
    return [registration(f"s{number}", 9000 + number) for number in range(count)]


def ask(
    roster: Roster,
    message: Question,
    host: str = LOOPBACK,
    policy: Policy = POLICY,
    is_checked: bool = True,
    now: float = NOW,
) -> Decision | Check:
    """Decide about one message; a registry that hears from elsewhere is open."""
    policy = evolve(policy, is_open=policy.is_open or not is_loopback(host))
    request = RegistryRequest(message, host, DATE, is_checked)
    return decide(roster, policy, request, now, Random(1))


def settled(
    roster: Roster,
    message: Question,
    host: str = LOOPBACK,
    policy: Policy = POLICY,
) -> Welcome:
    """Decide about one message that is welcome, let it happen, and return the answer."""
    verdict = ask(roster, message, host, policy)
    assert isinstance(verdict, Decision)
    assert isinstance(verdict.answer, Welcome), verdict.answer
    roster.apply(verdict.changes)
    return verdict.answer


def refusal(
    roster: Roster, message: Question, host: str = LOOPBACK, policy: Policy = POLICY
) -> Error:
    """Decide about one message that is refused, and return why."""
    verdict = ask(roster, message, host, policy)
    assert isinstance(verdict, Decision)
    assert isinstance(verdict.answer, Error), verdict.answer
    assert not verdict.changes
    return verdict.answer


def registered(daemons: VirtualDaemons) -> list[str]:
    """Name those that the registry of a network has."""
    kept: list[Registration] = []
    daemons._store.load().addCallback(kept.extend)
    return sorted(held.name for held in kept)
