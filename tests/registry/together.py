"""Two registries of one private network that share what they know."""

import base64
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from p2p_twisted.registry.authority_files import OpenedAuthority
from p2p_twisted.registry.enrollment import OPERATOR, Enrollment
from p2p_twisted.registry.shared_records import SharedRecords
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.runtime.threads import inline
from p2p_twisted.trust.identity import Identity
from p2p_twisted.trust.invite import Invite
from p2p_twisted.trust.statement import Revocation, sign_statement
from p2p_twisted.wire.messages import (
    Enroll,
    Invited,
    MakeInvite,
    Revoked,
)
from tests.registry.enrolling import PLACE, opened, request
from tests.registry.fake_etcd import Cluster, settle
from tests.trust.private_network import NOW

HOST = "127.0.0.1"
WORLD = "net/v1/"


class Together:
    """Two registries of one network on one etcd."""

    def __init__(self, folders: list[OwnFolder], made: tuple[OpenedAuthority, ...]) -> None:
        self.folders = folders
        self.clock = Clock()
        self.cluster = Cluster(self.clock)
        self.made = list(made)
        self.gone: list[list[str]] = [[], []]
        self.enrollments = [self.enrollment(number) for number in range(2)]

    def enrollment(self, number: int) -> Enrollment:
        """Make what answers at one of them."""
        of = self.made[number]
        enrollment = Enrollment(
            of.authority,
            self.folders[number],
            places=lambda: [PLACE],
            offload=inline,
            clock=self.clock,
            date=lambda: NOW,
            cut=lambda _now: None,
            own=lambda: of.own,
            shared=SharedRecords(self.cluster.member(), WORLD),
        )
        enrollment.revoked.watch(self.gone[number].append)
        return enrollment

    def restart(self, number: int) -> None:
        """Start one again, with what it has on its disk."""
        self.made[number] = opened(self.folders[number])
        self.enrollments[number] = self.enrollment(number)

    def begin(self, number: int, asked: Any, identity: Identity | None = None) -> "Deferred[Any]":
        """Ask one of them."""
        return Deferred.fromCoroutine(self.enrollments[number].answer(asked, identity, HOST))

    def ask(self, number: int, asked: Any, identity: Identity | None = None) -> Any:
        """Ask one of them, and return the answer."""
        return self.answers(self.begin(number, asked, identity))[0]

    def answers(self, *asked: "Deferred[Any]") -> list[Any]:
        """Wait for answers."""
        answers: list[Any] = []
        for each in asked:
            each.addCallback(answers.append)
            settle(self.clock, each)
        assert len(answers) == len(asked)
        return answers

    def invite(self, number: int, uses: int = 1) -> Invite:
        """Have one of them invite somebody."""
        made = self.ask(number, MakeInvite(uses), OPERATOR)
        assert isinstance(made, Invited), made
        return Invite.read(made.code)

    def catch_up(self) -> None:
        """Let as much time pass as registries take to hear of each other."""
        for _ in range(2):
            for enrollment in self.enrollments:
                settle(self.clock, Deferred.fromCoroutine(enrollment.catch_up()))

    def open(self) -> list[list[int]]:
        """Tell how often the invites may be used that each knows."""
        invites = (made.authority.invites.open(NOW) for made in self.made)
        return [sorted(each.uses for each in some) for some in invites]


def enroll(invite: Invite, name: str = "ben", csr: bytes | None = None) -> Enroll:
    encoded = base64.b64encode(csr or request(name)).decode()
    return Enroll(name, invite.secret.hex(), encoded)


def revoke(made: OpenedAuthority, name: str) -> Revoked:
    """Say as a registry does that a name counts no more."""
    text = sign_statement(Revocation(name, int(NOW) + 1, "default"), made.own)
    return Revoked("0" * 64, (text,))
