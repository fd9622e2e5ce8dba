"""Connections on which certificates of a revoked issuer were shown."""

import pytest
from twisted.internet.task import Clock

from p2p_twisted.trust.credentials import Credentials
from p2p_twisted.trust.identity import REGISTRY, Identity
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.tls import TlsSecurity
from p2p_twisted.wire.messages import PROTOCOL, Error, Hello
from tests.trust.pair import NOBODY, NOW, Pair
from tests.trust.private_network import PrivateNetwork
from tests.wire.talking import HELLO

NETWORK = PrivateNetwork(now=NOW)
OTHER = NETWORK.another_issuer(NOW)
S1 = NETWORK.certified(Identity("s1"), OTHER, NOW)
ANNA = NETWORK.let_in("anna", now=NOW)
REGISTERS = Hello(PROTOCOL, "registry", REGISTRY, "default")


def registry(issuer: Credentials) -> Credentials:
    return NETWORK.certified(Identity(REGISTRY, [REGISTRY]), issuer, NOW)


def knowing(credentials: Credentials, is_registry: bool = False) -> TlsSecurity:
    """Return what somebody uses who knows that the first issuer was revoked."""
    revocations = RevocationList("default")
    revocations.add(NETWORK.revoke_issuer(NETWORK.issuer, NOW, NOW), NOW)
    return TlsSecurity(credentials, revocations, Clock(), is_registry, date=lambda: NOW)


def test_at_a_peer(pair: Pair) -> None:
    """A peer that was dialed says why it does not talk."""
    pair.meet(knowing(S1), ANNA)
    pair.until(lambda: pair.dialer.messages and pair.dialer.losses)
    [said] = pair.dialer.messages
    assert isinstance(said, Error)
    assert said.reason.startswith("the registry that has certified anna was revoked: another")


@pytest.mark.parametrize("dialer", [S1, registry(OTHER)])
def test_dialed(pair: Pair, dialer: Credentials) -> None:
    """Who dials it says nothing, nor does a registry that sees whether a peer is alive."""
    greeting = Hello(PROTOCOL, "peer", "anna", "default")
    pair.meet(ANNA, knowing(dialer, dialer is not S1), greeting)
    pair.until_lost()


@pytest.mark.parametrize("shown", [ANNA, registry(NETWORK.issuer)])
def test_at_a_registry(pair: Pair, shown: Credentials) -> None:
    """To a registry it is a newcomer, who may say no more than others; its role does not count."""
    pair.meet(knowing(registry(OTHER), True), shown, REGISTERS)
    pair.until(lambda: pair.dialer.hellos)
    assert pair.listener.connection.gate.other_end is None


def test_stolen_registry(pair: Pair) -> None:
    """Whoever has the key of the stolen registry is no registry to those who know."""
    pair.meet(TlsSecurity(registry(NETWORK.issuer), NOBODY, Clock(), True), knowing(S1), REGISTERS)
    pair.until_lost()


def test_cut(pair: Pair) -> None:
    """What is open by then ends two seconds later: until then it tells the others."""
    clock, revocations = Clock(), RevocationList("default")
    ours = TlsSecurity(S1, revocations, clock, date=lambda: NOW)
    pair.meet(ours, ANNA, HELLO)
    pair.until(lambda: pair.dialer.hellos)
    revocations.add(NETWORK.revoke_issuer(NETWORK.issuer, NOW, NOW), NOW)
    ours.cut_issuer()
    ours.cut(NOW)
    clock.advance(1.9)
    assert pair.listener.connection.is_open
    clock.advance(0.2)
    assert not pair.listener.connection.is_open
    assert not ours.is_distrusted


def test_own() -> None:
    """Who has a certificate of it knows, once, and until it has another one."""
    told: list[None] = []
    anna = knowing(ANNA)
    anna.distrusted.watch(told.append)
    for _ in range(2):
        anna.check_own()
    assert anna.is_distrusted
    assert told == [None]
    anna.use(S1)
    assert not anna.is_distrusted
    anna.check_own()
    assert not anna.is_distrusted
