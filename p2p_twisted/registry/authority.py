"""Decide who gets a certificate of a private network."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from p2p_twisted.registry.issued_serials import IssuedSerials
from p2p_twisted.registry.name_holder import NameHolder
from p2p_twisted.registry.name_holders import NameHolders
from p2p_twisted.trust.anchor import TrustAnchor, VerifiedCertificate
from p2p_twisted.trust.certificate_request import read_request
from p2p_twisted.trust.credentials import Credentials, in_base64, issuer_id, key_hash
from p2p_twisted.trust.identity import REGISTRY, Identity
from p2p_twisted.trust.invite import Invite
from p2p_twisted.trust.issuing import certify, certify_issuer
from p2p_twisted.trust.limits import CERTIFICATE_DAYS
from p2p_twisted.trust.open_invites import OpenInvite, OpenInvites, secret_hash
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.serial_number import RandomBits
from p2p_twisted.trust.statement import (
    IssuerRevocation,
    Revocation,
    RootStatement,
    may_sign,
    read_any_statement,
)
from p2p_twisted.trust.trust_errors import IssuerRevoked, StatementRefused, TrustError, UnknownKey
from p2p_twisted.trust.voucher import Voucher, still_needed
from p2p_twisted.wire.messages import Certified
from p2p_twisted.wire.names import NetworkName, PeerName


class Authority:
    """
    An issuer, and what it has to remember.

    All dates are in seconds since 1970.

    :param rng: makes secrets and serial numbers, so it must be unpredictable.
    :param root: what makes other registries issuers, if it is here.
    :ivar id: what its issuer is called.
    :ivar stored: the number of the last change that it knows of those that registries share.
    """

    def __init__(
        self,
        network: NetworkName,
        issuer: Credentials,
        rng: RandomBits,
        root: Credentials | None = None,
    ) -> None:
        self.network = network
        self._issuer = issuer
        self._root = root
        self._rng = rng
        self.stored = 0
        self._serials = IssuedSerials(rng)
        self.id = issuer_id(issuer.key.public_key())
        self.holders = NameHolders(self.id)
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

    def enroll(
        self,
        name: PeerName,
        secret: bytes,
        request: bytes,
        now: float,
        days: int = CERTIFICATE_DAYS,
    ) -> Certified:
        """
        Let a newcomer in; one that did not hear the answer is given the same one again.

        :param days: for how many its certificate is to be good.
        :raises TrustError: when it is not, with the reason.
        """
        newcomer = self.holders.newcomer(name, secret_hash(secret))
        key = read_request(request)
        hash_ = key_hash(key).hex()
        if newcomer is not None and newcomer.key == hash_:
            if newcomer.issuer == self.id:
                return Certified((newcomer.certificate, *map(in_base64, self._issuer.certificates)))
            # Another registry has let it in, and its answer was lost.
            identity = attrs.evolve(newcomer, met=now).identity(name)
            return self._vouched(identity, identity.vouchers, key, now)
        # Before all else: who has none does not learn which names there are.
        invite = self.invites.spend(secret, now)
        try:
            if REGISTRY in invite.roles:
                return self._second(name, key, now)
            self.holders.check_free(name, hash_, now)
            # Those that are renewed say the same: who revokes one revokes them all.
            since = int(self.revocations.issuable_at(name, now))
            vouchers = still_needed(invite.vouchers, self.id, now)
            identity = Identity(name, invite.roles, invite.groups, since, vouchers)
            return self._certify(identity, key, now, invite.secret_hash, days)
        except Exception:
            self.invites.give_back(invite.secret_hash)
            raise

    def _second(self, name: PeerName, key: ec.EllipticCurvePublicKey, now: float) -> Certified:
        """
        Make another registry an issuer.

        :raises TrustError: when it is a peer, or the root's key is not here.
        """
        if name != REGISTRY:
            raise TrustError("this invite is for a registry: p2p registry --private --join CODE")
        if self._root is None:
            raise TrustError(
                "the first registry has not the key of the root: start it with --root-key FILE"
            )
        serial = self._serials.next()
        chain = certify_issuer(self._root, key, self.network, serial=serial, now=now)
        return Certified(tuple(map(in_base64, chain)))

    def renew(self, identity: Identity, request: bytes, now: float) -> Certified:
        """
        Give somebody another certificate like the one that it has shown.

        :raises TrustError: when that cannot be done.
        """
        vouchers = identity.vouchers_to(self.id, now)
        return self._vouched(identity, vouchers, read_request(request), now)

    def certify_anew(self, request: bytes, now: float) -> tuple[PeerName, Certified]:
        """
        Give somebody whose issuer was revoked another certificate for the key that it had before.

        It is certified as what it was recorded as, whatever its own certificate says.

        :returns: by which name, and what it is to be told.
        :raises UnknownKey: unless it was recorded here by then.
        :raises TrustError: when it cannot be done.
        """
        key = read_request(request)
        found = self.holders.known(key_hash(key).hex(), self.revocations.issuers, now)
        if found is None or self.revocations.is_cut(found[0], found[1].since):
            raise UnknownKey(
                "this registry does not know this peer's key from before another one was revoked:"
                " ask for a new invite, and --join with it"
            )
        name, holder = found
        identity = holder.identity(name)
        return name, self._vouched(identity, identity.vouchers, key, now)

    def _vouched(
        self,
        identity: Identity,
        vouchers: Sequence[Voucher],
        key: ec.EllipticCurvePublicKey,
        now: float,
    ) -> Certified:
        # Another issuer may say what it likes: nobody comes in later than now.
        since = min(identity.since, int(self.revocations.issuable_at(identity.name, now)))
        needed = still_needed(vouchers, self.id, now)
        return self._certify(attrs.evolve(identity, since=since, vouchers=needed), key, now)

    def own(self, now: float, key: ec.EllipticCurvePrivateKey) -> Credentials:
        """Make the certificate with which the registry itself answers."""
        identity = Identity(REGISTRY, [REGISTRY])
        return Credentials(key, self._issue(identity, key.public_key(), now, CERTIFICATE_DAYS))

    def is_news(self, shown: VerifiedCertificate) -> bool:
        """Return whether a certificate that counts tells something that is not recorded here."""
        if shown.identity.is_registry:
            return False
        name, holder = shown.identity.name, NameHolder.of(shown, 0.0)
        self.holders.met(name, holder.key)
        return self._is_forgotten(shown) or self.holders.is_news(name, holder)

    def learn(self, shown: VerifiedCertificate, now: float, *, is_alone: bool = True) -> bool:
        """
        Record what a certificate tells: whose a name is, and what was forgotten.

        :param is_alone: whether no other registry knows the same invites.
        :returns: whether no invite is open any more: this is an old copy, restored from a backup,
            and those that were used up since cannot be told from the others.
        """
        holder = NameHolder.of(shown, now)
        if self.holders.is_news(shown.identity.name, holder):
            self.holders.hold(shown.identity.name, holder, now)
        if not self._is_forgotten(shown):
            return False
        self._serials.skip_beyond(shown.serial)
        if is_alone:
            self.invites.void_all()
        return is_alone

    def revoke(
        self, text: str, now: float, *, was_kept: bool = False
    ) -> Revocation | IssuerRevocation | None:
        """
        Have a revocation count, free the name, and void the invite by which its holder came.

        Where an issuer was revoked, names are freed that were first met by its word since then, and
        invites are void that were made by it.

        :param was_kept: see :meth:`RevocationList.add`.
        :returns: what it says, if that is new.
        :raises BadStatement, StatementRefused: when it does not count.
        """
        if self.revocations.knows(text):
            return None
        statement = read_any_statement(text, TrustAnchor(self._issuer.root))
        if not self.revocations.add(statement, now, was_kept=was_kept):
            return None
        if isinstance(statement, RootStatement):
            self._distrust()
            return statement.said
        said = statement.said
        assert isinstance(said, Revocation)
        if (holder := self.holders.free(said, statement.signer, now)) is not None:
            # It may still have the code.
            self.invites.forget(holder.came_by)
        return said

    def to_json(self) -> dict[str, Any]:
        """Write what :meth:`restore` reads."""
        return {
            "revocations": self.revocations.kept(),
            "counter": self._serials.counter,
            "stored": self.stored,
            **self.holders.to_json(),
            "invites": [each.to_json() for each in self.invites.all()],
        }

    def restore(self, kept: dict[str, Any], now: float, *, is_own: bool = True) -> None:
        """
        Be as it was when this was written.

        :param is_own: whether it has written all of that itself, whatever its clock says now.
        :raises TrustError, ValueError, TypeError, KeyError: when it was not.
        """
        for text in kept["revocations"]:
            with suppress(StatementRefused):
                self.revoke(str(text), now, was_kept=is_own)
        self._serials.restore(int(kept["counter"]))
        self.stored = int(kept.get("stored", 0))
        self.holders = self.holders.restored(kept, is_own=is_own)
        self.holders.give_back(self.revocations)
        self.invites = OpenInvites(map(OpenInvite.from_json, kept["invites"]))

    def _distrust(self) -> None:
        """Have nothing count that was given on the word of an issuer which does not any more."""
        issuers = self.revocations.issuers
        self.holders.disown(self.revocations)
        for invite in self.invites.all():
            if not issuers.vouch_for(invite.vouchers):
                self.invites.forget(invite.secret_hash)

    def _is_forgotten(self, shown: VerifiedCertificate) -> bool:
        """Return whether this issuer has issued a certificate, and forgotten that."""
        return shown.issuer == self.id and self._serials.is_forgotten(shown.serial)

    def _certify(
        self,
        identity: Identity,
        key: ec.EllipticCurvePublicKey,
        now: float,
        invite: str = "",
        days: int = CERTIFICATE_DAYS,
    ) -> Certified:
        certificates = self._issue(identity, key, now, days)
        if identity.is_admin and not may_sign(certificates):
            raise TrustError(
                "this admin's certificate would be too large: have its name revoked, and invite it"
                " again with fewer or shorter groups"
            )
        encoded = tuple(map(in_base64, certificates))
        made, own = VerifiedCertificate.read(certificates[0]), encoded[0] if invite else ""
        holder = NameHolder.of(made, now, invite, own)
        self.holders.hold(identity.name, holder, now)
        return Certified(encoded)

    def _issue(
        self, identity: Identity, key: ec.EllipticCurvePublicKey, now: float, days: int
    ) -> tuple[x509.Certificate, ...]:
        if self.id in self.revocations.issuers:
            raise IssuerRevoked
        serial, at = self._serials.next(), self.revocations.issuable_at(identity.name, now)
        made = certify(self._issuer, key, identity, serial=serial, now=at, days=days)
        self._serials.add(serial)
        return made
