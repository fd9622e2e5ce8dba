"""A registry of a private network to come into, and what is said there."""

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
)
from p2p_twisted.registry.enrollment import Enrollment, PrivateQuestion
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.runtime.threads import inline
from p2p_twisted.trust.anchor import TrustAnchor, VerifiedCertificate
from p2p_twisted.trust.certificate_request import make_request
from p2p_twisted.trust.credentials import Credentials, new_key
from p2p_twisted.trust.identity import ADMIN, Identity
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
    return open_authority(folder, "default", Random(seed), NOW)


def invited(authority: Authority, uses: int = 2, admin: bool = False) -> Invite:
    """Return an invite that somebody was given."""
    roles = [ADMIN] if admin else []
    record = partial(OpenInvite, uses=uses, expires=NOW + DAY, roles=roles, groups=["lab"])
    return Invite.read(authority.invite([PLACE], record, NOW))


def request(name: str = "anna") -> bytes:
    return make_request(new_key(), name)


def verified(answer: Message, own: Credentials) -> VerifiedCertificate:
    """Verify what a newcomer gets, as it does itself."""
    assert isinstance(answer, Certified)
    ders = [base64.b64decode(each) for each in answer.certificates]
    certificate, *signers = map(x509.load_der_x509_certificate, ders)
    return TrustAnchor(own.root).verify(certificate, signers, NOW)


def admin_of(made: OpenedAuthority) -> Credentials:
    """Let an admin in, and return what it has."""
    invite, key = invited(made.authority, admin=True), new_key()
    answer = made.authority.enroll("anna", invite.secret, make_request(key, "anna"), NOW)
    ders = [base64.b64decode(each) for each in answer.certificates]
    return Credentials(key, tuple(x509.load_der_x509_certificate(each) for each in ders))


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
