"""Who gets a certificate of a private network, and what is remembered of that."""

import json
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pytest

from p2p_twisted.registry.authority import Authority
from p2p_twisted.registry.authority_files import (
    ISSUER_FILE,
    OpenedAuthority,
    open_authority,
    save_records,
)
from p2p_twisted.registry.name_holders import NameHeld
from p2p_twisted.registry.record_keeping import RECORDS
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.trust.anchor import VerifiedCertificate
from p2p_twisted.trust.credentials import Credentials, new_key
from p2p_twisted.trust.identity import ADMIN, Identity
from p2p_twisted.trust.key_folder import KeyFileFault
from p2p_twisted.trust.open_invites import OpenInvite
from p2p_twisted.trust.statement import Revocation, sign_statement
from p2p_twisted.trust.trust_errors import InviteRefused
from tests.registry.enrolling import BEN, PLACE, admin_of, invited, opened, request, verified
from tests.trust.private_network import DAY, NOW, PrivateNetwork


def test_newcomer(folder: OwnFolder) -> None:
    """Who has an invite gets a certificate with its roles and groups."""
    made = opened(folder)
    invite = invited(made.authority, admin=True)
    answer = made.authority.enroll("anna", invite.secret, request(), NOW)
    assert verified(answer, made.own).identity == Identity("anna", [ADMIN], ["lab"])


def test_uses(folder: OwnFolder) -> None:
    """An invite lets in as many as it is for; one that does not work out costs no use."""
    authority = opened(folder).authority
    invite = invited(authority, uses=2)
    authority.enroll("anna", invite.secret, request(), NOW)
    for name in ("anna", "registry"):
        with pytest.raises(NameHeld):
            authority.enroll(name, invite.secret, request(), NOW)
    authority.enroll("ben", invite.secret, request(), NOW)
    with pytest.raises(InviteRefused, match="used up"):
        authority.enroll("carl", invite.secret, request(), NOW)


def test_names(folder: OwnFolder) -> None:
    """A name is somebody's until its certificate ends; who asks again with its key may."""
    authority = opened(folder).authority
    invite, mine = invited(authority, uses=9), request()
    authority.enroll("anna", invite.secret, mine, NOW)
    with pytest.raises(NameHeld, match="anna is taken: choose another one, or have an admin"):
        authority.enroll("anna", invite.secret, request(), NOW)
    authority.enroll("anna", invite.secret, mine, NOW)
    later = invited(authority)
    assert later.secret != invite.secret
    with pytest.raises(NameHeld, match="registry's own name"):
        authority.enroll("registry", invite.secret, request(), NOW)


def test_name_of_a_day(folder: OwnFolder) -> None:
    """Who comes in for a day has its name for a day."""
    made = opened(folder)
    secret = invited(made.authority).secret
    answer = made.authority.enroll("ben", secret, request("ben"), NOW, 1)
    assert verified(answer, made.own).expires == int(NOW) + DAY
    with pytest.raises(NameHeld):
        made.authority.enroll("ben", secret, request("ben"), NOW + DAY - 1)
    again = invited(made.authority)
    made.authority.enroll("ben", again.secret, request("ben"), NOW + DAY - 0.1)


def test_lost_answer(folder: OwnFolder) -> None:
    """Who did not hear the answer gets the same one for its key and code, and no use is lost."""
    made = opened(folder)
    authority, mine = made.authority, request()
    invite = invited(authority, uses=1)
    first = authority.enroll("anna", invite.secret, mine, NOW)
    save_records(authority, folder)
    again = opened(folder, seed=2).authority
    # Used up, and a day later it has expired, too.
    for now in (NOW, NOW + 2 * DAY):
        assert again.enroll("anna", invite.secret, mine, now) == first
    with pytest.raises(InviteRefused, match="used up"):
        again.enroll("ben", invite.secret, mine, NOW)
    with pytest.raises(InviteRefused, match="used up"):
        again.enroll("anna", invite.secret, request(), NOW)
    with pytest.raises(InviteRefused, match="does not know"):
        again.enroll("anna", bytes(10), mine, NOW)
    # Once it has shown its certificate, the answer has arrived.
    assert not again.is_news(verified(first, made.own))
    with pytest.raises(InviteRefused, match="used up"):
        again.enroll("anna", invite.secret, mine, NOW)


def test_restored(folder: OwnFolder) -> None:
    """
    A registry that is restored from a backup learns from certificates what it has forgotten.

    Names belong to those who have them, and open invites are void: once.
    """
    made = opened(folder)
    authority, invite = made.authority, invited(made.authority, uses=9)
    save_records(authority, folder)
    held = [
        verified(authority.enroll(name, invite.secret, request(), NOW), made.own)
        for name in ("anna", "ben", "carl")
    ]
    old = opened(folder, seed=2).authority
    assert all(old.is_news(each) for each in held)
    assert [old.learn(each, NOW) for each in held] == [True, False, False]
    assert not any(old.is_news(each) for each in held)
    with pytest.raises(InviteRefused, match="does not know that invite"):
        old.enroll("dora", invite.secret, request(), NOW)
    later = invited(old)
    for name in ("anna", "ben", "carl"):
        with pytest.raises(NameHeld):
            old.enroll(name, later.secret, request(), NOW)
    fresh = verified(old.enroll("dora", later.secret, request(), NOW), made.own)
    assert fresh.serial.counter > max(each.serial.counter for each in held) + 1_000
    # What was not restored learns nothing from the same.
    assert not any(authority.is_news(each) for each in held)


def test_counters_of_others(folder: OwnFolder, tmp_path: Path) -> None:
    """Another issuer's counter says nothing of one's own, nor does a registry's certificate."""
    made = opened(folder)
    record = partial(OpenInvite, uses=1, expires=NOW + DAY)
    code = made.authority.invite([PLACE], record, NOW)
    other = Authority("default", PrivateNetwork().issuer, Random(3))
    ahead = Credentials(new_key(), ())
    for _ in range(50):
        ahead = other.own(NOW, new_key())
    shown = VerifiedCertificate.read(ahead.certificate)
    assert not made.authority.is_news(shown)
    foreign = attrs.evolve(shown, identity=BEN)
    assert made.authority.is_news(foreign)
    assert not made.authority.learn(foreign, NOW)
    assert [each.uses for each in made.authority.invites.all()] == [1]
    assert code.endswith(PLACE)


def test_revoked_name(folder: OwnFolder) -> None:
    """A revoked name is free at once, and what is issued for it then counts."""
    made = opened(folder)
    authority, admin = made.authority, admin_of(made)
    invite = invited(authority, uses=9)
    before = verified(authority.enroll("ben", invite.secret, request(), NOW), made.own)
    authority.revoke(sign_statement(Revocation("ben", int(NOW) + 1, "default"), admin), NOW)
    assert authority.revocations.is_revoked(before)
    after = verified(authority.enroll("ben", invited(authority).secret, request(), NOW), made.own)
    assert not authority.revocations.is_revoked(after)


def test_renewed_before_it_was_known(folder: OwnFolder) -> None:
    """Who has a certificate renewed while the registry knows nothing of it is out all the same."""
    made = opened(folder)
    ben = made.authority.enroll("ben", invited(made.authority).secret, request("ben"), NOW)
    shown = verified(ben, made.own)
    later = NOW + 300.0
    renewed = verified(made.authority.renew(shown.identity, request("ben"), later), made.own)
    assert renewed.issued > shown.issued
    assert renewed.since == shown.since == int(NOW)
    said = Revocation("ben", int(NOW) + 100, "default")
    assert made.authority.revoke(sign_statement(said, made.own), later) == said
    assert made.authority.revocations.is_revoked(renewed)
    again = made.authority.enroll("ben", invited(made.authority).secret, request("ben"), later)
    assert not made.authority.revocations.is_revoked(verified(again, made.own))


def test_invite_of_the_revoked(folder: OwnFolder) -> None:
    """Who is revoked does not come back by the invite by which it came, renewed or not."""
    authority = opened(folder).authority
    own = opened(folder).own
    invite, other = invited(authority, uses=9), invited(authority)
    shown = verified(authority.enroll("ben", invite.secret, request("ben"), NOW), own)
    authority.renew(shown.identity, request("ben"), NOW + 5)
    authority.revoke(sign_statement(Revocation("ben", int(NOW) + 1, "default"), own), NOW)
    for name in ("ben", "carl"):
        with pytest.raises(InviteRefused):
            authority.enroll(name, invite.secret, request(name), NOW + 9)
    authority.enroll("ben", other.secret, request("ben"), NOW + 9)


def test_restarted(folder: OwnFolder) -> None:
    """A registry that starts again is the same network, and remembers all that it has decided."""
    made = opened(folder)
    assert made.is_new
    invite = invited(made.authority, uses=2)
    admin = admin_of(made)
    made.authority.enroll("ben", invite.secret, request(), NOW)
    text = sign_statement(Revocation("carl", int(NOW) + 1, "default"), admin)
    made.authority.revoke(text, NOW)
    folder.replace(RECORDS, json.dumps(made.authority.to_json()).encode())
    again = opened(folder, seed=2)
    assert not again.is_new
    assert again.own.root == made.own.root
    assert again.authority.revocations.texts() == (text,)
    with pytest.raises(NameHeld):
        again.authority.enroll("ben", invite.secret, request(), NOW)
    last = verified(again.authority.enroll("dora", invite.secret, request(), NOW), made.own)
    assert last.serial > made_serial(made)
    with pytest.raises(InviteRefused, match="used up"):
        again.authority.enroll("emil", invite.secret, request(), NOW)


@pytest.mark.parametrize("records", [None, b"nonsense", b"{}"])
def test_lost_issuer(folder: OwnFolder, records: bytes | None) -> None:
    """A network in which somebody was invited is not made anew where its issuer's key is lost."""
    made = opened(folder)
    invited(made.authority)
    folder.replace(RECORDS, records or json.dumps(made.authority.to_json()).encode())
    folder.remove(ISSUER_FILE)
    with pytest.raises(KeyFileFault, match=r"issuer\.pem is not there, but records\.json .*backup"):
        opened(folder)


@pytest.mark.parametrize("is_half_made", [False, True])
def test_keys_of_another(folder: OwnFolder, is_half_made: bool) -> None:
    """The keys of a network are not taken for those of one with another name."""
    opened(folder)
    if is_half_made:
        folder.remove(ISSUER_FILE)
    with pytest.raises(KeyFileFault, match="of the private network default: say --network default"):
        open_authority(folder, "foo", Random(1), NOW)


def made_serial(made: OpenedAuthority) -> Any:
    return VerifiedCertificate.read(made.own.certificate).serial


def test_half_made(folder: OwnFolder) -> None:
    """A network that was not made to its end, as in a power cut, is made anew, with its root."""
    made = opened(folder)
    folder.remove(ISSUER_FILE)
    again = opened(folder)
    assert again.is_new
    assert again.own.root == made.own.root


@pytest.mark.parametrize("kept", [b"", b"[]", b"{}", b'{"counter":"x"}', b"\xff"])
def test_damaged(folder: OwnFolder, kept: bytes) -> None:
    """Records that cannot be read are said to be so, not taken for none."""
    opened(folder)
    folder.replace(RECORDS, kept)
    with pytest.raises(KeyFileFault, match=r"records\.json cannot be read .*backup"):
        opened(folder)
    folder.remove(RECORDS)
    with pytest.raises(KeyFileFault, match="backup"):
        opened(folder)


def test_revocations_of_the_revoked(folder: OwnFolder) -> None:
    """What an admin has revoked before it was revoked itself stays so, after a restart, too."""
    made = opened(folder)
    authority, admin = made.authority, admin_of(made)
    texts = [
        sign_statement(Revocation("ben", int(NOW) - 1, "default"), admin),
        sign_statement(Revocation("anna", int(NOW) + 1, "default"), made.own),
    ]
    for text in texts:
        authority.revoke(text, NOW)
    save_records(authority, folder)
    again = opened(folder, seed=2).authority
    assert again.revocations.digest() == authority.revocations.digest()
    assert again.revocations.texts() == tuple(texts)


def test_repeated_revocation(folder: OwnFolder) -> None:
    """A revocation that is signed anew leaves whoever was invited since alone."""
    made = opened(folder)
    authority, admin = made.authority, admin_of(made)
    invite = invited(authority, uses=9)
    authority.revoke(sign_statement(Revocation("ben", int(NOW) + 1, "default"), admin), NOW)
    authority.enroll("ben", invite.secret, request(), NOW + 5)
    repeated = Revocation("ben", int(NOW) + 9, "default", before=int(NOW) + 1)
    assert authority.revoke(sign_statement(repeated, made.own), NOW + 9) == repeated
    with pytest.raises(NameHeld):
        authority.enroll("ben", invite.secret, request(), NOW + 9)
