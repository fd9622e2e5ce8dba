"""Who is believed on a connection of a private network: certificates, dates, names, revocations."""

import pytest
from OpenSSL import SSL
from twisted.internet.interfaces import IProtocol
from twisted.internet.protocol import Factory
from twisted.protocols.tls import TLSMemoryBIOFactory
from typing_extensions import override

from p2p_twisted.trust.credentials import Credentials
from p2p_twisted.trust.identity import REGISTRY, Identity
from p2p_twisted.trust.misdated import Misdated
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.tls import TlsMaker, TlsSecurity
from p2p_twisted.trust.tls_transport import TlsTransport
from p2p_twisted.wire.messages import PROTOCOL, Error, Hello
from tests.trust.pair import (
    ANNA,
    CLOCK,
    NETWORK,
    NOBODY,
    NOW,
    S1,
    Pair,
    certificate_of,
    link,
)
from tests.trust.private_network import DAY, PrivateNetwork


class Anonymous(TlsSecurity):
    """Shows no certificate, and takes everybody's."""

    @override
    def wrap(self, inside: IProtocol, is_dialer: bool) -> TlsTransport:
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_verify(SSL.VERIFY_NONE)
        factory = TLSMemoryBIOFactory(TlsMaker(context), is_dialer, Factory(), CLOCK)
        return TlsTransport(factory, inside)


@pytest.mark.parametrize(
    "stranger",
    [
        PrivateNetwork("other", NOW).let_in("anna", now=NOW),
        NETWORK.let_in("anna", now=NOW - 31 * DAY),
        NETWORK.let_in("anna", now=NOW + DAY),
        NETWORK.issuer,
    ],
    ids=["another network", "expired", "not yet valid", "an issuer"],
)
def test_strangers(pair: Pair, stranger: Credentials) -> None:
    """Nothing is said to somebody with a certificate that is not good."""
    pair.meet(dialer=TlsSecurity(stranger, NOBODY, CLOCK))
    pair.until_lost()


@pytest.mark.parametrize("welcomes_newcomers", [False, True])
def test_without_certificate(pair: Pair, welcomes_newcomers: bool) -> None:
    """Who shows no certificate is a newcomer to a registry, and nobody to a peer."""
    registry = certificate_of(Identity(REGISTRY, [REGISTRY]))
    greeting = Hello(PROTOCOL, "registry", REGISTRY, "default")
    listener = TlsSecurity(registry, NOBODY, CLOCK, welcomes_newcomers)
    pair.meet(listener, Anonymous(ANNA, NOBODY, CLOCK), greeting)
    if welcomes_newcomers:
        pair.until(lambda: pair.dialer.hellos)
        assert pair.listener.connection.gate.other_end is None
    else:
        pair.until_lost()


def test_stranger_listens(pair: Pair) -> None:
    """A dialer says nothing to somebody of another network."""
    pair.meet(listener=PrivateNetwork("other", NOW).let_in("s1", now=NOW))
    pair.until_lost()


def test_own_date(pair: Pair) -> None:
    """Dates are judged by the clock that we are given, and each time anew."""
    days = [0]
    anna = NETWORK.let_in("anna", now=NOW + 31 * DAY)
    end = TlsSecurity(anna, NOBODY, CLOCK, date=lambda: NOW + days[0] * DAY)
    hello = Hello(PROTOCOL, "peer", "anna", "default")
    for days[0] in (0, 62):
        pair.meet(end, end, hello)
        pair.until_lost()
    days[0] = 32
    pair.meet(end, end, hello)
    pair.until(lambda: pair.dialer.hellos)


@pytest.mark.parametrize(("days", "says"), [(-1, "begins"), (40, "ended"), (0, None)])
def test_date_of_a_registry(pair: Pair, days: int, says: str | None) -> None:
    """Where dates are why a registry is not believed, or takes nobody, that is known."""
    network, then = PrivateNetwork(now=NOW - 2 * DAY), NOW + days * DAY
    anna = TlsSecurity(network.let_in("anna", now=then), NOBODY, CLOCK, date=lambda: then)
    registry = certificate_of(Identity(REGISTRY, [REGISTRY]), network)
    greeting = Hello(PROTOCOL, "registry", REGISTRY, "default")
    pair.meet(TlsSecurity(registry, NOBODY, CLOCK, True), anna, greeting)
    if says is None:
        pair.until(lambda: pair.dialer.hellos)
        assert anna.date_fault() is None
    else:
        pair.until_lost()
        fault = anna.date_fault() or ""
        assert fault.startswith(f"the registry's certificate {says} at 20")
        assert fault.endswith(": set it")


@pytest.mark.parametrize(("days", "has_ended"), [(-31, True), (1, False)])
def test_misdated(pair: Pair, days: int, has_ended: bool) -> None:
    """Who dials hears whose certificate is not good, be it the other's or its own."""
    heard: list[Misdated] = []
    stranger = NETWORK.let_in("ben", now=NOW + days * DAY)
    for listener, dialer in ((stranger, ANNA), (S1, stranger)):
        # One that others dial hears nothing: anybody may show what a member has shown before.
        listening = TlsSecurity(listener, NOBODY, CLOCK)
        listening.misdated.watch(lambda misdated: pytest.fail(str(misdated)))
        dialing = TlsSecurity(dialer, NOBODY, CLOCK)
        dialing.misdated.watch(heard.append)
        pair.meet(listening, dialing)
        pair.until_lost()
    assert heard == [
        Misdated("ben", has_ended, stranger.certificate),
        Misdated("s1", has_ended),
    ]


def test_date_of_a_peer(pair: Pair) -> None:
    """Another peer whose certificate has ended is no reason why a registry would not answer."""
    pair.meet(NETWORK.let_in("s1", now=NOW - 31 * DAY), mine := TlsSecurity(ANNA, NOBODY, CLOCK))
    pair.until_lost()
    assert mine.date_fault() is None


def test_another_name(pair: Pair) -> None:
    """A listener that greets with another name than its certificate's hears nothing."""
    pair.meet(listener=NETWORK.let_in("ben", now=NOW))
    pair.until(lambda: pair.listener.losses and pair.dialer.losses)
    assert not pair.dialer.hellos


def test_peer_as_registry(pair: Pair) -> None:
    """A peer that greets as a registry, with its own name or the registry's, hears nothing."""
    pair.meet(hello=Hello(PROTOCOL, "registry", "s1", "default"))
    pair.until(lambda: pair.listener.losses and pair.dialer.losses)
    assert not pair.dialer.hellos


def test_in_anothers_name(pair: Pair) -> None:
    """A message in somebody else's name ends the connection, with the reason."""
    pair.meet()
    pair.until(lambda: pair.dialer.hellos)
    pair.dialer.connection.send(link("ben"))
    pair.until(lambda: pair.dialer.losses)
    assert not pair.listener.messages
    [answer] = pair.dialer.messages
    assert isinstance(answer, Error)
    assert "is anna's: say nothing in others' names" in answer.reason


def test_revoked(pair: Pair) -> None:
    """A revoked peer that dials is told so and not heard; one that listens hears nothing."""
    known = RevocationList("default")
    NETWORK.revoke("anna", NETWORK.let_in("ben", now=NOW, admin=True), known, NOW)
    knowing = TlsSecurity(S1, known, CLOCK)
    pair.meet(listener=knowing)
    pair.until(lambda: pair.listener.losses and pair.dialer.losses)
    assert pair.listener.connection.gate.other_end is None
    assert not pair.listener.messages
    assert pair.dialer.messages == [
        Error(
            "the certificate of anna was revoked: ask for a new invite, and --join with it",
            "refused",
        )
    ]


def test_revoked_listens(pair: Pair) -> None:
    """Nobody says anything to a peer that was revoked."""
    known = RevocationList("default")
    NETWORK.revoke("s1", NETWORK.let_in("ben", now=NOW, admin=True), known, NOW)
    pair.meet(dialer=TlsSecurity(ANNA, known, CLOCK))
    pair.until_lost()
