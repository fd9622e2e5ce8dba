"""A registry that is started with a wrong clock: what it knew of revocations is still there."""

import pytest

from p2p_twisted.registry.authority import Authority
from p2p_twisted.registry.authority_files import (
    ISSUER_FILE,
    ROOT_FILE,
    open_authority,
    save_records,
)
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.trust.anchor import TrustAnchor, VerifiedCertificate
from p2p_twisted.trust.identity import Identity
from p2p_twisted.trust.key_folder import KeyFolder
from p2p_twisted.trust.statement import Revocation, sign_statement
from tests.registry.enrolling import admin_of, opened
from tests.trust.private_network import DAY, NOW, PrivateNetwork

NETWORK = PrivateNetwork()
OTHER = NETWORK.another_issuer()


@pytest.mark.parametrize("days", [-2_000, -1, -1 / 24, 61, 800])
def test_started_once(folder: OwnFolder, days: float) -> None:
    """All is kept, counts meanwhile, and is told to others as before once the clock is right."""
    KeyFolder(folder).save(ISSUER_FILE, NETWORK.issuer)
    KeyFolder(folder).save(ROOT_FILE, NETWORK.root)
    save_records(Authority("default", NETWORK.issuer, NETWORK.rng), folder)
    made = opened(folder)
    authority, ben = made.authority, VerifiedCertificate.read(NETWORK.let_in("ben").certificate)
    by_other = VerifiedCertificate.read(NETWORK.certified(Identity("carl"), OTHER).certificate)
    said = Revocation("ben", int(NOW) + 1, "default")
    authority.revoke(sign_statement(said, admin_of(made)), NOW)
    authority.revoke(NETWORK.revoke_issuer(OTHER).text, NOW)
    save_records(authority, folder)
    wrong = open_authority(folder, "default", NETWORK.rng, NOW + days * DAY).authority
    again = opened(folder).authority
    for known in (wrong, again):
        assert known.revocations.is_revoked(ben)
        assert known.revocations.is_revoked(by_other)
    assert again.revocations.texts() == authority.revocations.texts()
    assert again.revocations.digest() == authority.revocations.digest()


@pytest.mark.parametrize("days", [-2_000, 800])
def test_issuer(folder: OwnFolder, days: float) -> None:
    """An issuer that was renewed by a clock far ahead is good again once the clock is right."""
    opened(folder)
    open_authority(folder, "default", NETWORK.rng, NOW + days * DAY)
    own = opened(folder, seed=2).own
    TrustAnchor(own.root).verify(own.certificate, own.certificates[1:], NOW)
    assert own.certificates[1] == opened(folder, seed=3).own.certificates[1]


def test_of_others(folder: OwnFolder) -> None:
    """What other registries have stored is judged by the clock, as what anybody says."""
    made = opened(folder)
    ahead = Revocation("ben", int(NOW) + DAY, "default")
    text = sign_statement(ahead, admin_of(made))
    kept = {**made.authority.to_json(), "revocations": [text]}
    made.authority.restore(kept, NOW, is_own=False)
    assert made.authority.revocations.kept() == ()
    made.authority.restore(kept, NOW)
    assert made.authority.revocations.kept() == (text,)
