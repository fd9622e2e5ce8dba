"""A certificate that is renewed for as long as its peer runs."""

import base64
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from twisted.internet.task import Clock

from p2p_twisted.peer.certificate_status import CertificateStatus
from p2p_twisted.peer.private_member import PrivateMember, load_member
from p2p_twisted.peer.renewal import CertificateRenewal
from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.runtime.threads import inline
from p2p_twisted.trust.certificate_request import read_request
from p2p_twisted.trust.credentials import Credentials, new_key
from p2p_twisted.trust.identity import Identity
from p2p_twisted.trust.issuing import certify
from p2p_twisted.trust.limits import (
    CERTIFICATE_DAYS,
    RENEWAL_AFTER_DAYS,
    RENEWAL_SPREAD_SECONDS,
    WARNING_DAYS,
)
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.tls import TlsSecurity
from p2p_twisted.wire.messages import Certified, Certify
from tests.trust.private_network import DAY, NOW, PrivateNetwork

SOON = NOW + RENEWAL_AFTER_DAYS * DAY
DUE = SOON + RENEWAL_SPREAD_SECONDS


class FakeClient:
    """A registry that certifies what it is asked for, unless it is told to do otherwise."""

    def __init__(self, network: PrivateNetwork) -> None:
        self.network = network
        self.fault: Exception | None = None
        self.certifies_others = False
        self.asked = 0
        self.now = NOW

    async def certify(self, asked: Certify) -> Certified:
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        key = read_request(base64.b64decode(asked.request))
        if self.certifies_others:
            key = new_key().public_key()
        issuer, serial = self.network.issuer, self.network.serial()
        chain = certify(issuer, key, Identity("anna"), serial=serial, now=self.now)
        ders = [each.public_bytes(serialization.Encoding.DER) for each in chain]
        return Certified(tuple(base64.b64encode(each).decode() for each in ders))


class Renewing:
    """A peer whose clock the test turns."""

    def __init__(self, folder: Path) -> None:
        self.network = PrivateNetwork()
        self.client = FakeClient(self.network)
        self.first = self.network.let_in("anna")
        self.state = folder / ".p2p"
        self.said: list[str] = []
        self.now = NOW
        self.security = TlsSecurity(
            self.first, RevocationList("default"), Clock(), date=lambda: self.now
        )
        clock: Any = Clock()
        self.clock: Clock = clock
        client: Any = self.client
        self.renewal = CertificateRenewal(
            clock,
            PrivateMember(self.first, "default", ("127.0.0.1", 9_011)),
            self.security,
            client=client,
            state=self.state,
            offload=inline,
            date=lambda: self.now,
            announce=self.said.append,
            rng=Random(1),
        )

    def look(self, now: float) -> Credentials:
        """Look at some time; return what is shown a minute later."""
        self.now = self.client.now = now
        self.renewal.look()
        self.clock.advance(60)
        return self.security.credentials


@pytest.fixture
def renewing(tmp_path: Path) -> Renewing:
    """Return a peer that has just come in."""
    return Renewing(tmp_path)


def test_when_it_is_time(renewing: Renewing) -> None:
    """From day ten on there is another one, for a new key, and it is on the disk."""
    assert renewing.look(SOON - 1) is renewing.first
    assert renewing.client.asked == 0
    renewed = renewing.look(DUE)
    assert renewed is not renewing.first
    assert renewing.network.verified(renewed, DUE).identity == Identity("anna")
    assert renewed.key.public_key() != renewing.first.key.public_key()
    kept = load_member(renewing.state)
    assert kept is not None
    assert kept.credentials.certificates == renewed.certificates
    assert renewing.look(DUE + 60) is renewed
    assert renewing.client.asked == 1


def test_not_all_at_once(renewing: Renewing) -> None:
    """Who is started when it is due waits for a moment of its own; one that ends asks no more."""
    renewing.now = DUE
    renewing.renewal.look()
    assert renewing.client.asked == 0
    renewing.renewal.startService()
    renewing.renewal.stopService()
    renewing.clock.advance(60)
    assert renewing.client.asked == 0
    assert renewing.clock.getDelayedCalls() == []


def test_registry_away(renewing: Renewing) -> None:
    """Without a registry the old one is shown, and the person is warned in time."""
    renewing.client.fault = RegistryUnreachable("no registry listens at 127.0.0.1:9011")
    assert renewing.look(DUE) is renewing.first
    assert renewing.said == []
    for minute in range(29):
        renewing.look(DUE + minute * 60)
    assert renewing.client.asked == 1
    warned = NOW + (CERTIFICATE_DAYS - WARNING_DAYS) * DAY
    renewing.look(warned + 1)
    assert renewing.said == [
        "this peer's certificate ends in 5.0 days: no registry listens at 127.0.0.1:9011"
    ]
    why = "no registry listens at 127.0.0.1:9011"
    until = renewing.network.verified(renewing.first).expires
    assert renewing.renewal.status() == CertificateStatus(False, (), until, why)
    renewing.client.fault = None
    assert renewing.look(warned + DAY) is not renewing.first
    renewed = renewing.renewal.status()
    assert renewed.renewal_fault is None
    assert renewed.expires > until


def test_clock_set_right(renewing: Renewing) -> None:
    """A peer that asked in vain while its clock was ahead asks again as soon as that is right."""
    renewing.client.fault = RegistryUnreachable("no registry listens at 127.0.0.1:9011")
    assert renewing.look(DUE + 365 * DAY) is renewing.first
    renewing.client.fault = None
    assert renewing.look(DUE) is not renewing.first


def test_refused(renewing: Renewing) -> None:
    """A registry that refuses, or certifies another key, changes nothing."""
    renewing.client.fault = RegistryRefused("refused", "anna was revoked")
    assert renewing.look(DUE) is renewing.first
    renewing.client.fault, renewing.client.certifies_others = None, True
    assert renewing.look(DUE + DAY) is renewing.first
    assert load_member(renewing.state) is None


def test_another_root(renewing: Renewing) -> None:
    """So does a certificate of another network."""
    renewing.client.network = PrivateNetwork("other")
    assert renewing.look(DUE) is renewing.first


def test_ended(renewing: Renewing) -> None:
    """Where the certificate has ended, or the clock is wrong, that is what a person hears."""
    renewing.now = NOW + 40 * DAY
    fault = renewing.renewal.status().renewal_fault or ""
    assert fault.startswith("this peer's certificate ended at 2027-02-14 08:00 UTC, and this ")
    assert fault.endswith("set the clock, or come in again with --join and a new invite")
    renewing.now = NOW - DAY
    fault = renewing.renewal.status().renewal_fault or ""
    assert fault.startswith("this peer's certificate begins at ")
    assert fault.endswith(": set it")
