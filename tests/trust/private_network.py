"""A private network to try things with: made in a few milliseconds, at a date of its own."""

from collections.abc import Iterable
from random import Random

from twisted.internet.interfaces import IReactorTime

from p2p_twisted.trust.anchor import TrustAnchor, VerifiedCertificate
from p2p_twisted.trust.credentials import Credentials, issuer_id, new_key
from p2p_twisted.trust.identity import ADMIN, Identity
from p2p_twisted.trust.issuing import certify, make_issuer, make_root
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.serial_number import SerialNumber
from p2p_twisted.trust.statement import (
    IssuerRevocation,
    Revocation,
    RootStatement,
    Said,
    Statement,
    read_any_statement,
    read_statement,
    sign_statement,
)
from p2p_twisted.trust.tls import TlsSecurity

DAY = 86_400
NOW = 1_800_000_000.25


class PrivateNetwork:
    """A root, an issuer, and certificates for whoever asks."""

    def __init__(self, name: str = "default", now: float = NOW) -> None:
        self.name = name
        self.rng = Random(name)
        self._counter = 0
        self.root = make_root(name, self.serial(), now)
        self.issuer = make_issuer(self.root, name, self.serial(), now)
        self.anchor = TrustAnchor(self.root.certificate)

    def serial(self) -> SerialNumber:
        """Return the next number."""
        made = SerialNumber.next_after(self._counter, self.rng)
        self._counter = made.counter
        return made

    def let_in(
        self, name: str, *, now: float = NOW, admin: bool = False, groups: Iterable[str] = ()
    ) -> Credentials:
        """Return a new key of somebody, with its certificates."""
        return self.certified(Identity(name, [ADMIN] if admin else [], groups), now=now)

    def certified(
        self, identity: Identity, issuer: Credentials | None = None, now: float = NOW
    ) -> Credentials:
        """Return a new key of somebody, with its certificates, perhaps of another issuer."""
        key, serial = new_key(), self.serial()
        chain = certify(issuer or self.issuer, key.public_key(), identity, serial=serial, now=now)
        return Credentials(key, chain)

    def security(self, name: str, clock: IReactorTime) -> TlsSecurity:
        """Return what encrypts the connections of somebody who has heard of no revocation."""
        nobody = RevocationList(self.name)
        return TlsSecurity(self.let_in(name), nobody, clock, date=lambda: NOW)

    def another_issuer(self, now: float = NOW) -> Credentials:
        """Return the key of another registry."""
        return make_issuer(self.root, self.name, self.serial(), now)

    def revoke_issuer(
        self, issuer: Credentials, since: float = NOW, now: float = NOW
    ) -> RootStatement:
        """Return what peers get to know when the root revokes an issuer."""
        id_ = issuer_id(issuer.key.public_key())
        said = IssuerRevocation(id_, int(since), int(now), self.name)
        statement = read_any_statement(sign_statement(said, self.root), self.anchor)
        assert isinstance(statement, RootStatement)
        return statement

    def verified(self, of: Credentials, at: float = NOW) -> VerifiedCertificate:
        """Verify somebody's certificate as peers of this network do."""
        return self.anchor.verify(of.certificate, of.certificates[1:], at)

    def heard(self, said: Said, signer: Credentials) -> Statement:
        """Return what peers get to know when somebody signs something."""
        return read_statement(sign_statement(said, signer), self.anchor)

    def revoke(
        self, name: str, by: Credentials, known: RevocationList, now: float = NOW
    ) -> Statement:
        """Have a name revoked, and add that to a list."""
        statement = self.heard(Revocation(name, int(now) + 1, self.name), by)
        known.add(statement, now)
        return statement
