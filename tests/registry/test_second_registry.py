"""Another registry of a private network, which has a key of its own."""

from random import Random
from typing import Any

import pytest

from p2p_twisted.registry.authority_files import (
    ISSUER_FILE,
    ROOT_FILE,
    save_second,
)
from p2p_twisted.registry.enrollment import OPERATOR
from p2p_twisted.registry.joining_private import _accepted_issuer
from p2p_twisted.registry.name_holders import NameHeld
from p2p_twisted.registry.record_keeping import RECORDS
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.trust.anchor import TrustAnchor
from p2p_twisted.trust.credentials import Credentials, issuer_id, key_hash, new_key
from p2p_twisted.trust.identity import REGISTRY, Identity
from p2p_twisted.trust.issuing import certify_issuer
from p2p_twisted.trust.key_folder import KeyFolder
from p2p_twisted.trust.serial_number import SerialNumber
from p2p_twisted.trust.statement import Revocation, read_statement, sign_statement
from p2p_twisted.trust.trust_errors import NotTrusted, TrustError
from p2p_twisted.wire.messages import Error, Invited, MakeInvite
from tests.registry.enrolling import (
    ANNA,
    Enrolling,
    both,
    chain_of,
    for_registries,
    invited,
    opened,
    request,
    verified,
)
from tests.trust.private_network import NOW


def test_one_network(folders: list[OwnFolder]) -> None:
    """Members of either are members for both, and what either says counts; no key has traveled."""
    first, second = both(folders)
    assert not second.is_new
    assert ROOT_FILE not in folders[1].names()
    for here, there in ((first, second), (second, first)):
        answer = here.authority.enroll("ben", invited(here.authority).secret, request(), NOW)
        assert verified(answer, there.own).identity == Identity("ben", groups=["lab"])
        text = sign_statement(Revocation("carl", int(NOW) + 1, "default"), here.own)
        signer = read_statement(text, TrustAnchor(there.own.root)).signer
        assert signer.identity.is_admin
        there.authority.revoke(text, NOW)
    assert all(each.authority.revocations.texts() for each in (first, second))
    issuers = [each.own.certificates[1].public_key() for each in (first, second)]
    assert key_hash(issuers[0]) != key_hash(issuers[1])


@pytest.mark.parametrize("written", [1, 2, 3])
def test_crash(folders: list[OwnFolder], monkeypatch: pytest.MonkeyPatch, written: int) -> None:
    """What a crash leaves of another registry is finished at its next start: never a new one."""
    first = opened(folders[0])
    serial, key = SerialNumber.next_after(9, Random(1)), new_key()
    root = KeyFolder(folders[0]).load(ROOT_FILE)
    assert root is not None
    chain = certify_issuer(root, key.public_key(), "default", serial=serial, now=NOW)
    replace, left = OwnFolder.replace, [written]

    def crashing(folder: OwnFolder, name: str, content: bytes, *more: Any) -> None:
        if not left[0]:
            raise Crash
        left[0] -= 1
        replace(folder, name, content, *more)

    monkeypatch.setattr(OwnFolder, "replace", crashing)
    monkeypatch.setattr(OwnFolder, "remove", lambda *_: crashing(folders[1], "x", b""))
    with pytest.raises(Crash):
        save_second(folders[1], "default", Credentials(key, chain))
    monkeypatch.undo()
    again = opened(folders[1])
    assert not again.is_new
    assert again.own.root == first.own.root
    assert again.authority.id == issuer_id(key.public_key())
    assert set(folders[1].names()) == {ISSUER_FILE, RECORDS}


class Crash(Exception):
    """The power is gone."""


def test_the_other_invites_none(folders: list[OwnFolder]) -> None:
    """Without the root's key a registry makes no other, and says what to do."""
    second = both(folders)[1]
    invite = for_registries(second)
    with pytest.raises(TrustError, match="start it with --root-key FILE"):
        second.authority.enroll(REGISTRY, invite.secret, request(REGISTRY), NOW)
    # That costs no use.
    assert [each.uses for each in second.authority.invites.all()] == [1]


def test_wrong_invites(folders: list[OwnFolder]) -> None:
    """A peer does not come in by a registry's invite, nor a registry by a peer's."""
    first = opened(folders[0])
    with pytest.raises(TrustError, match="this invite is for a registry"):
        first.authority.enroll("ben", for_registries(first).secret, request(), NOW)
    with pytest.raises(NameHeld, match="registry's own name"):
        first.authority.enroll(REGISTRY, invited(first.authority).secret, request(), NOW)


def test_accepted(folders: list[OwnFolder]) -> None:
    """Who comes in takes nothing but an issuer's certificate of the network that it was told."""
    first = opened(folders[0])
    anchor = TrustAnchor(first.own.root)
    peers = first.authority.enroll("ben", invited(first.authority).secret, request(), NOW)
    other = opened(folders[1])
    for chain in (chain_of(peers), (first.own.certificates[0],), other.own.certificates[1:]):
        with pytest.raises(NotTrusted, match="no issuer's"):
            _accepted_issuer(anchor, chain)


def test_operator(folders: list[OwnFolder]) -> None:
    """Only at a registry is another one invited: an admin at a peer is told so."""
    enrolling = Enrolling(folders[0])
    assert isinstance(enrolling.ask(MakeInvite(registry=True), OPERATOR), Invited)
    refused = enrolling.ask(MakeInvite(registry=True), ANNA)
    assert isinstance(refused, Error)
    assert "p2p invite --for-registry --of-registry" in refused.reason
