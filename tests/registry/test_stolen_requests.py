"""What a registry answers those whom a stolen one has certified, or nobody."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from p2p_twisted.registry.authority import Authority
from p2p_twisted.registry.enrollment import OPERATOR
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.trust.identity import ADMIN, REGISTRY, Identity
from p2p_twisted.trust.invite import Invite
from p2p_twisted.trust.statement import (
    IssuerRevocation,
    RootStatement,
)
from p2p_twisted.trust.trust_errors import UnknownInvite
from p2p_twisted.trust.voucher import Voucher
from p2p_twisted.wire.messages import Certify, Error, Invited, MakeInvite
from tests.registry.enrolling import Enrolling, request, verified
from tests.trust.private_network import NOW


@pytest.fixture
def enrolling(tmp_path: Path) -> Iterator[Enrolling]:
    """Return a registry that is asked."""
    folder = OwnFolder(tmp_path / "keys")
    folder.open()
    yield Enrolling(folder)
    folder.close()


def test_invites(enrolling: Enrolling) -> None:
    """What those have made whom the stolen registry had certified since is void, with who came."""
    authority, stolen = enrolling.made.authority, "a" * 20
    by = Identity("boss", [ADMIN], issuer=stolen)
    codes = [enrolling.ask(MakeInvite(uses=2), who) for who in (by, Identity("anna", [ADMIN]))]
    secrets = [Invite.read(code.code).secret for code in codes if isinstance(code, Invited)]
    came = [
        verified(authority.enroll(name, secret, request(name), NOW), enrolling.made.own)
        for name, secret in zip(("ben", "carl"), secrets, strict=True)
    ]
    assert [each.identity.vouchers for each in came] == [(Voucher(stolen, int(NOW)),), ()]
    again = Authority("default", authority._issuer, Random(5))
    again.restore(json.loads(json.dumps(authority.to_json())), NOW)
    for known in (authority, again):
        said = IssuerRevocation(stolen, int(NOW), int(NOW), "default")
        known.revocations.add(RootStatement(said, "text"), NOW)
        known._distrust()
        assert [known.revocations.is_revoked(each) for each in came] == [True, False]
        assert [known.holders.holds(name) for name in ("ben", "carl")] == [False, True]
        with pytest.raises(UnknownInvite):
            known.enroll("dora", secrets[0], request("dora"), NOW)
        known.enroll("dora", secrets[1], request("dora"), NOW)


def test_no_registry_by_another(enrolling: Enrolling) -> None:
    """Who has another registry's key is made no third registry: only the operator invites one."""
    for who in (Identity(REGISTRY, [REGISTRY], issuer="a" * 20), Identity(REGISTRY, [REGISTRY])):
        answer = enrolling.ask(MakeInvite(registry=True), who)
        assert isinstance(answer, Error)
        assert "p2p invite --for-registry --of-registry" in answer.reason
    assert isinstance(enrolling.ask(MakeInvite(registry=True), OPERATOR), Invited)


def test_asked(enrolling: Enrolling) -> None:
    """It is answered without a certificate; who is not known may be so to another registry."""
    answer = enrolling.ask(Certify(base64.b64encode(request()).decode()), None)
    assert isinstance(answer, Error)
    assert answer.code == "later"
