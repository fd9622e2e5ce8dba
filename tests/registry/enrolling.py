"""Registries of a private network to come into, and what is said there."""

import base64
from functools import partial
from random import Random
from typing import Any

from cryptography import x509
from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock

from p2p_twisted.registry.authority import Authority
from p2p_twisted.registry.authority_files import (
    OpenedAuthority,
    open_authority,
    save_second,
)
from p2p_twisted.registry.enrollment import Enrollment, PrivateQuestion
from p2p_twisted.registry.joining_private import _accepted_issuer
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.runtime.threads import inline
from p2p_twisted.trust.anchor import TrustAnchor, VerifiedCertificate
from p2p_twisted.trust.certificate_request import make_request
from p2p_twisted.trust.credentials import Credentials, key_hash, new_key
from p2p_twisted.trust.identity import ADMIN, REGISTRY, Identity
from p2p_twisted.trust.invite import Invite
from p2p_twisted.trust.open_invites import OpenInvite
from p2p_twisted.wire.messages import (
    Certified,
    Enroll,
    Message,
)
from tests.registry.builders import LOOPBACK
from tests.trust.private_network import DAY, NOW

PLACE = "127.0.0.1:9011"
ANNA, BEN = Identity("anna", [ADMIN]), Identity("ben")


def opened(folder: OwnFolder, seed: int = 1) -> OpenedAuthority:
    """Open what a registry has in a folder; what it draws depends on the folder's name, too."""
    return open_authority(folder, "default", Random(f"{folder.path.name} {seed}"), NOW)


def both(folders: list[OwnFolder]) -> tuple[OpenedAuthority, OpenedAuthority]:
    """Open the first registry, and have the other one come in."""
    first, key = opened(folders[0]), new_key()
    secret = for_registries(first).secret
    answer = first.authority.enroll(REGISTRY, secret, make_request(key, REGISTRY), NOW)
    chain = chain_of(answer)
    anchor = TrustAnchor(first.own.root)
    assert key_hash(_accepted_issuer(anchor, chain)) == key_hash(key.public_key())
    save_second(folders[1], "default", Credentials(key, chain))
    return first, opened(folders[1])


def invited(authority: Authority, uses: int = 2, admin: bool = False) -> Invite:
    """Return an invite that somebody was given."""
    roles = [ADMIN] if admin else []
    record = partial(OpenInvite, uses=uses, expires=NOW + DAY, roles=roles, groups=["lab"])
    return Invite.read(authority.invite([PLACE], record, NOW))


def for_registries(opened: OpenedAuthority) -> Invite:
    """Return an invite that another registry's operator was given."""
    record = partial(OpenInvite, uses=1, expires=NOW + DAY, roles=[REGISTRY])
    return Invite.read(opened.authority.invite([PLACE], record, NOW))


def request(name: str = "anna") -> bytes:
    return make_request(new_key(), name)


def chain_of(answer: Certified) -> tuple[x509.Certificate, ...]:
    """Return a newcomer's certificate, and those that vouch for it."""
    ders = [base64.b64decode(each) for each in answer.certificates]
    return tuple(x509.load_der_x509_certificate(each) for each in ders)


def verified(answer: Message, own: Credentials) -> VerifiedCertificate:
    """Verify what a newcomer gets, as it does itself."""
    assert isinstance(answer, Certified)
    certificate, *signers = chain_of(answer)
    return TrustAnchor(own.root).verify(certificate, signers, NOW)


def admin_of(made: OpenedAuthority) -> Credentials:
    """Let an admin in, and return what it has."""
    invite, key = invited(made.authority, admin=True), new_key()
    answer = made.authority.enroll("anna", invite.secret, make_request(key, "anna"), NOW)
    return Credentials(key, chain_of(answer))


class Enrolling:
    """A registry that is asked, whose disk may be full."""

    def __init__(self, folder: OwnFolder) -> None:
        self.made = opened(folder)
        self.is_full = False
        self.later = 0.0
        self.written: Deferred[None] | None = None
        self.clock = Clock()
        self.cuts: list[float] = []
        self.forgotten: list[str] = []
        self.enrollment = Enrollment(
            self.made.authority,
            folder,
            places=lambda: [PLACE],
            offload=self._offload,
            clock=self.clock,
            date=lambda: NOW + self.later,
            cut=self.cuts.append,
            own=lambda: self.made.own,
        )
        self.enrollment.revoked.watch(self.forgotten.append)

    def _offload(self, function: Any, *args: Any) -> "Deferred[Any]":
        if self.written is not None:
            return self.written
        return fail(OSError(28, "full")) if self.is_full else inline(function, *args)

    def begin(
        self, asked: PrivateQuestion, identity: Identity | None = None, host: str = LOOPBACK
    ) -> "Deferred[Message]":
        """Ask; fires with the answer."""
        return Deferred.fromCoroutine(self.enrollment.answer(asked, identity, host))

    def ask(
        self, asked: PrivateQuestion, identity: Identity | None = None, host: str = LOOPBACK
    ) -> Message:
        """Return the answer."""
        answers: list[Message] = []
        self.begin(asked, identity, host).addCallback(answers.append)
        [answer] = answers
        return answer

    def enroll(self, name: str = "ben", days: int = 30) -> Message:
        """Ask as a newcomer with a new invite does."""
        invite = invited(self.made.authority)
        encoded = base64.b64encode(request(name)).decode()
        return self.ask(Enroll(name, invite.secret.hex(), encoded, days))
