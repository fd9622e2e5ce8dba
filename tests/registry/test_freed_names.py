"""Names that a thief has revoked with a stolen registry: they come back to whom they were taken."""

import json
from random import Random

import pytest

from p2p_twisted.registry import freed_names
from p2p_twisted.registry.authority import Authority
from p2p_twisted.registry.record_items import items_of, kept_of
from p2p_twisted.trust import revocations
from p2p_twisted.trust.anchor import VerifiedCertificate
from p2p_twisted.trust.certificate_request import make_request
from p2p_twisted.trust.credentials import Credentials
from p2p_twisted.trust.identity import ADMIN, Identity
from p2p_twisted.trust.statement import Revocation, sign_statement
from p2p_twisted.trust.trust_errors import UnknownKey
from tests.trust.private_network import DAY, NOW, PrivateNetwork

NETWORK = PrivateNetwork(now=NOW - 9 * DAY)
STOLEN, OURS = NETWORK.issuer, NETWORK.another_issuer(NOW - 9 * DAY)
THEFT = NOW - 3_600
THIEF = NETWORK.certified(Identity("boss", [ADMIN]), STOLEN, THEFT)


def registry() -> Authority:
    return Authority("default", OURS, Random(1))


def met(by: Authority, name: str = "anna", at: float = NOW - DAY) -> Credentials:
    """Return somebody whom the stolen registry has let in, and another one has met."""
    of = NETWORK.certified(Identity(name, [], ["lab"], int(NOW - 5 * DAY)), STOLEN, at)
    by.learn(VerifiedCertificate.read(of.certificate), at)
    return of


def revoke(at: Authority, signer: Credentials = THIEF, name: str = "anna", ago: int = 600) -> str:
    """Have somebody revoke a name; return the statement."""
    text = sign_statement(Revocation(name, int(NOW) - ago, "default"), signer)
    assert at.revoke(text, NOW) is not None
    assert not at.holders.holds(name)
    return text


def distrust(at: Authority) -> None:
    """Have the root say since when the registry was stolen."""
    at.revoke(NETWORK.revoke_issuer(STOLEN, THEFT).text, NOW)


def is_known(at: Authority, whom: Credentials) -> bool:
    """Return whether somebody is certified anew by its key."""
    try:
        name, _ = at.certify_anew(make_request(whom.key, "any"), NOW)
    except UnknownKey:
        return False
    return name == "anna"


@pytest.mark.parametrize("is_restarted", [False, True])
def test_given_back(is_restarted: bool) -> None:
    """Who was revoked by a thief is certified anew, be there a thief with its name by then."""
    known = registry()
    anna = met(known)
    revoke(known)
    other = met(known, at=NOW - 300)
    if is_restarted:
        kept = json.loads(json.dumps(known.to_json()))
        known = registry()
        known.restore(kept, NOW)
    assert not is_known(known, anna)
    distrust(known)
    assert is_known(known, anna)
    assert not is_known(known, other)


def test_earlier_keys() -> None:
    """With the name its earlier keys come back."""
    known = registry()
    met(known, at=NOW - 2 * DAY)
    met(known)
    before = known.to_json()
    revoke(known)
    distrust(known)
    assert known.holders.to_json()["holders"] == before["holders"]
    assert known.holders.to_json()["former"] == before["former"]


@pytest.mark.parametrize("again", [False, True])
def test_rightly_revoked(again: bool) -> None:
    """Who was revoked by somebody honest stays out, though a thief revokes the name once more."""
    known = registry()
    anna = met(known)
    honest = NETWORK.certified(Identity("ben", [ADMIN]), OURS, NOW - DAY)
    revoke(known, honest, ago=1_200)
    if again:
        revoke(known)
    distrust(known)
    assert not is_known(known, anna)


def test_honest_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is where what somebody honest has said is not remembered any more."""
    monkeypatch.setattr(revocations, "REVOCATIONS_REPLACED", 0)
    known = registry()
    anna = met(known)
    revoke(known, NETWORK.certified(Identity("ben", [ADMIN]), OURS, NOW - DAY), ago=1_200)
    revoke(known)
    distrust(known)
    assert not is_known(known, anna)


def test_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that a thief makes up and revokes push nobody out who was met before."""
    monkeypatch.setattr(freed_names, "NAMES_KEPT", 3)
    known = registry()
    made_up = [f"n{number}" for number in range(6)]
    for name in made_up[:3]:
        met(known, name, NOW - 900)
        revoke(known, name=name)
    anna = met(known)
    revoke(known)
    for name in made_up[3:]:
        met(known, name, NOW - 900)
        revoke(known, name=name)
    assert len(known.to_json()["freed"]) == 3
    distrust(known)
    assert is_known(known, anna)


def test_shared() -> None:
    """Who reads that a name was taken from what registries share remembers whose it was."""
    known, other = registry(), Authority("default", NETWORK.another_issuer(), Random(2))
    anna, mine = met(known), known.to_json()
    text = sign_statement(Revocation("anna", int(NOW) - 600, "default"), THIEF)
    kept = kept_of(items_of(other.to_json()), mine)
    known.restore({**mine, **kept, "revocations": [text]}, NOW, is_own=False)
    assert not known.holders.holds("anna")
    distrust(known)
    assert is_known(known, anna)


def test_given_back_by_another() -> None:
    """Where another registry has given a name back, its key is one that was met here, too."""
    known, other = registry(), Authority("default", NETWORK.another_issuer(), Random(2))
    anna = met(known)
    other.learn(VerifiedCertificate.read(anna.certificate), NOW - DAY)
    revoke(known)
    mine = known.to_json()
    kept = kept_of(items_of(other.to_json()), mine)
    text = NETWORK.revoke_issuer(STOLEN, THEFT).text
    known.restore({**mine, **kept, "revocations": [text]}, NOW, is_own=False)
    assert is_known(known, anna)
