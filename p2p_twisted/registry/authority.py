"""Decide who gets a certificate of a private network."""

import base64
from collections.abc import Callable, Iterable
from typing import Any

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from p2p_twisted.trust.anchor import TrustAnchor
from p2p_twisted.trust.certificate_request import read_request
from p2p_twisted.trust.credentials import Credentials, key_hash
from p2p_twisted.trust.identity import REGISTRY, Identity
from p2p_twisted.trust.invite import Invite
from p2p_twisted.trust.issuing import certify
from p2p_twisted.trust.open_invites import OpenInvite, OpenInvites, secret_hash
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.serial_number import RandomBits, SerialNumber
from p2p_twisted.trust.statement import Revocation, read_statement
from p2p_twisted.trust.trust_errors import TrustError
from p2p_twisted.wire.messages import Certified
from p2p_twisted.wire.names import NetworkName, PeerName


class NameHeld(TrustError):
    """Somebody has a certificate for the name, which is still good."""


@attrs.frozen
class _Holder:
    """
    Who has a name.

    :ivar expires: until when, in seconds since 1970.
    :ivar key: the hash of its key, in hexadecimal digits.
    """

    expires: float
    key: str


class Authority:
    """
    An issuer, and what it has to remember.

    A name belongs to whoever has a certificate for it that is good and was not revoked. All dates
    are in seconds since 1970.

    :param rng: makes secrets and serial numbers, so it must be unpredictable.
    """

    def __init__(self, network: NetworkName, issuer: Credentials, rng: RandomBits) -> None:
        self.network = network
        self._issuer = issuer
        self._rng = rng
        self._counter = 0
        self._holders: dict[PeerName, _Holder] = {}
        self.invites = OpenInvites()
        self.revocations = RevocationList(network)

    def invite(self, places: Iterable[str], record: Callable[[str], OpenInvite], now: float) -> str:
        """
        Make an invite, and return its code.

        :param places: where registries are.
        :param record: makes what is remembered of it, of its secret's hash.
        :raises TrustError: when there are too many, or it would not be one.
        """
        made = Invite.make(key_hash(self._issuer.root.public_key()), tuple(places), self._rng)
        self.invites.add(record(secret_hash(made.secret)), now)
        return made.to_text()

    def enroll(self, name: PeerName, secret: bytes, request: bytes, now: float) -> Certified:
        """
        Let a newcomer in.

        :raises TrustError: when it is not, with the reason.
        """
        key = read_request(request)
        self._check_free(name, key, now)
        invite = self.invites.spend(secret, now)
        try:
            return self._certify(Identity(name, invite.roles, invite.groups), key, now)
        except Exception:
            self.invites.give_back(invite.secret_hash)
            raise

    def renew(self, identity: Identity, request: bytes, now: float) -> Certified:
        """
        Give somebody another certificate like the one that it has shown.

        :raises TrustError: when that cannot be done.
        """
        return self._certify(identity, read_request(request), now)

    def own(self, now: float, key: ec.EllipticCurvePrivateKey) -> Credentials:
        """Make the certificate with which the registry itself answers."""
        identity = Identity(REGISTRY, [REGISTRY])
        return Credentials(key, self._issue(identity, key.public_key(), now))

    def revoke(self, text: str, now: float) -> None:
        """
        Have a revocation count, and free the name.

        :raises BadStatement, StatementRefused: when it does not count.
        """
        statement = read_statement(text, TrustAnchor(self._issuer.root))
        if self.revocations.add(statement, now) and isinstance(statement.said, Revocation):
            self._holders.pop(statement.said.name, None)

    def to_json(self) -> dict[str, Any]:
        """Write what :meth:`restore` reads."""
        return {
            "revocations": self.revocations.texts(),
            "counter": self._counter,
            "holders": {name: [each.expires, each.key] for name, each in self._holders.items()},
            "invites": [
                [each.secret_hash, each.uses, each.expires, sorted(each.roles), sorted(each.groups)]
                for each in self.invites.all()
            ],
        }

    def restore(self, kept: dict[str, Any], now: float) -> None:
        """
        Be as it was when this was written.

        :raises TrustError, ValueError, TypeError, KeyError: when it was not.
        """
        for text in kept["revocations"]:
            self.revoke(str(text), now)
        self._counter = int(kept["counter"])
        self._holders = {
            str(name): _Holder(float(expires), str(key))
            for name, (expires, key) in kept["holders"].items()
        }
        self.invites = OpenInvites(OpenInvite(*each) for each in kept["invites"])

    def _check_free(self, name: PeerName, key: ec.EllipticCurvePublicKey, now: float) -> None:
        if name == REGISTRY:
            raise NameHeld("registry is the registry's own name: choose another one")
        holder = self._holders.get(name)
        # Who did not hear the answer may ask again with its key.
        if holder is not None and holder.expires > now and holder.key != key_hash(key).hex():
            raise NameHeld(
                f"the name {name} is taken: choose another one, or have an admin revoke it first"
            )

    def _certify(self, identity: Identity, key: ec.EllipticCurvePublicKey, now: float) -> Certified:
        certificates = self._issue(identity, key, now)
        expires = certificates[0].not_valid_after_utc.timestamp()
        self._holders = {name: each for name, each in self._holders.items() if each.expires > now}
        self._holders[identity.name] = _Holder(expires, key_hash(key).hex())
        return Certified(tuple(_encoded(each) for each in certificates))

    def _issue(
        self, identity: Identity, key: ec.EllipticCurvePublicKey, now: float
    ) -> tuple[x509.Certificate, ...]:
        serial = SerialNumber.next_after(self._counter, self._rng)
        at = self.revocations.issuable_at(identity.name, now)
        made = certify(self._issuer, key, identity, serial=serial, now=at)
        self._counter = serial.counter
        return made


def _encoded(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
