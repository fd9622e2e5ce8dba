"""Several registries of a private network, which share what they know."""

import base64
import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from p2p_twisted.registry import shared_records
from p2p_twisted.registry.authority_files import ROOT_FILE
from p2p_twisted.registry.enrollment import OPERATOR
from p2p_twisted.registry.record_items import items_of
from p2p_twisted.registry.record_keeping import RECORDS
from p2p_twisted.registry.shared_records import SharedRecords
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.trust.certificate_request import make_request
from p2p_twisted.trust.credentials import key_hash, new_key
from p2p_twisted.trust.invite import Invite
from p2p_twisted.trust.key_folder import KeyFolder
from p2p_twisted.trust.statement import IssuerRevocation, Revocation, sign_statement
from p2p_twisted.wire.messages import (
    Bye,
    Certified,
    Certify,
    Error,
    MakeInvite,
    Revoked,
    Void,
)
from tests.registry.enrolling import PLACE, both, request, verified
from tests.registry.fake_etcd import settle
from tests.registry.together import WORLD, Together, enroll, revoke
from tests.trust.private_network import NOW


@pytest.fixture
def two(folders: list[OwnFolder]) -> Together:
    return Together(folders, both(folders))


def test_invite(two: Together) -> None:
    """An invite of one lets in at the other, and at all of them as often as it says."""
    invite = two.invite(0)
    answer = two.ask(1, enroll(invite))
    assert isinstance(answer, Certified)
    assert verified(answer, two.made[0].own).identity.name == "ben"
    refused = two.ask(0, enroll(invite, "carl"))
    assert (refused.code, "used up" in refused.reason) == ("refused", True)
    assert two.ask(0, enroll(two.invite(1), "ben", make_request(new_key(), "ben"))).code == "taken"


def test_at_once(two: Together) -> None:
    """Of two who use an invite at one moment, one gets in."""
    invite = two.invite(0)
    asked = [two.begin(number, enroll(invite, f"s{number}")) for number in range(2)]
    answers = two.answers(*asked)
    assert sorted(type(each).__name__ for each in answers) == ["Certified", "Error"]
    assert two.open() == [[], []]


def test_revocation(two: Together) -> None:
    """A revocation is known at all, and what it takes back is: the name, and the invite."""
    invite = two.invite(0, uses=2)
    assert isinstance(two.ask(0, enroll(invite)), Certified)
    two.catch_up()
    assert two.made[1].authority.holders.holds("ben")
    assert isinstance(two.ask(0, revoke(two.made[0], "ben"), OPERATOR), Bye)
    two.catch_up()
    assert two.gone == [["ben"], ["ben"]]
    assert two.enrollments[0].digest() == two.enrollments[1].digest()
    assert not two.made[1].authority.holders.holds("ben")
    assert "does not know that invite" in two.ask(1, enroll(invite, "carl")).reason


def test_replaced(two: Together) -> None:
    """Of one name others are told the latest alone; what it has replaced is remembered here."""
    text = sign_statement(Revocation("ben", int(NOW) - 9, "default"), two.made[0].own)
    for each in (Revoked("0" * 64, (text,)), revoke(two.made[0], "ben")):
        assert two.ask(0, each, OPERATOR) == Bye("noted")
        two.catch_up()
    shared = [each for each in two.cluster.keys if b"/revoked/" in each]
    assert len(shared) == 1
    two.restart(0)
    two.catch_up()
    first, second = (made.authority.revocations for made in two.made)
    assert first.digest() == second.digest()
    assert first.knows(text)


def test_voided(two: Together) -> None:
    """Who takes an invite back does so at all, and one that was off then hears of it."""
    invite = two.invite(0)
    two.catch_up()
    [known] = two.made[1].authority.invites.open(NOW)
    two.ask(0, Void(known.id), OPERATOR)
    two.restart(1)
    assert two.open()[1] == [1]
    assert isinstance(two.ask(1, enroll(invite)), Error)
    assert two.open() == [[], []]


def test_lost_answer(two: Together) -> None:
    """Who did not hear that it was let in is let in by another one, without another use."""
    invite, asked = two.invite(0), request("ben")
    two.ask(0, enroll(invite, "ben", asked))
    answer = two.ask(1, enroll(invite, "ben", asked))
    assert isinstance(answer, Certified)
    shown = verified(answer, two.made[0].own)
    assert (shown.identity.name, shown.issuer) == ("ben", two.made[1].authority.id)


def test_etcd_lost_answer(two: Together) -> None:
    """What was kept although the answer was lost is no race with itself."""
    two.cluster.members[0].loses_answers = 1
    two.invite(0)
    two.catch_up()
    assert two.open() == [[1], [1]]


def test_etcd_is_away(two: Together) -> None:
    """Without etcd nobody is let in, and no use is lost; but who is revoked is so at once."""
    invite = two.invite(0)
    assert isinstance(two.ask(0, enroll(invite)), Certified)
    two.catch_up()
    two.cluster.members[0].is_away = True
    refused = two.ask(0, MakeInvite(1), OPERATOR)
    assert (refused.code, "etcd is away" in refused.reason) == ("later", True)
    assert isinstance(two.ask(0, revoke(two.made[0], "ben"), OPERATOR), Bye)
    assert two.gone == [["ben"], []]
    assert json.loads(two.folders[0].read(RECORDS))["revocations"]
    two.cluster.members[0].is_away = False
    two.catch_up()
    assert two.gone == [["ben"], ["ben"]]


def test_etcd_is_restored(two: Together) -> None:
    """Where etcd is an old copy, no invite is open any more; names and revocations stay."""
    invite = two.invite(0, uses=2)
    two.catch_up()
    copy = deepcopy((two.cluster.revision, two.cluster.keys))
    assert isinstance(two.ask(0, enroll(invite)), Certified)
    two.ask(0, revoke(two.made[0], "dora"), OPERATOR)
    two.catch_up()
    two.cluster.revision, two.cluster.keys = copy
    two.catch_up()
    assert two.open() == [[], []]
    assert all(made.authority.holders.holds("ben") for made in two.made)
    assert all(made.authority.revocations.texts() for made in two.made)
    assert isinstance(two.ask(1, enroll(two.invite(0), "carl")), Certified)


def test_etcd_is_restored_for_a_new_one(two: Together) -> None:
    """So it is where somebody who does not know better has gone on from the copy."""
    two.invite(0)
    copy = deepcopy((two.cluster.revision, two.cluster.keys))
    used = two.invite(0)
    two.ask(0, enroll(used))
    two.cluster.revision, two.cluster.keys = copy
    newcomer = SharedRecords(two.cluster.member(), WORLD)
    for number in range(5):
        for what in (newcomer.catch_up(), newcomer.keep({f"names/n{number}": None})):
            settle(two.clock, Deferred.fromCoroutine(what))
    two.catch_up()
    assert two.open()[0] == []


def test_stolen(two: Together) -> None:
    """Nobody is certified anew for what another registry says: it may have been stolen by then."""
    requests = {name: request(name) for name in ("ben", "carl")}
    answers = {name: two.ask(0, enroll(two.invite(0), name, csr)) for name, csr in requests.items()}
    two.catch_up()
    two.enrollments[1].shown(verified(answers["carl"], two.made[0].own))
    two.catch_up()
    key = new_key()
    record = deepcopy(items_of(two.made[1].authority.to_json())["names/ben"])
    record[0][2], record[0][8] = key_hash(key.public_key()).hex(), "0" * 20
    thief = SharedRecords(two.cluster.member(), WORLD)
    for what in (thief.catch_up(), thief.keep({"names/eve": record})):
        settle(two.clock, Deferred.fromCoroutine(what))
    two.invite(0)
    two.catch_up()
    assert two.open()[1] == [1]
    assert two.made[1].authority.holders.holds("eve")
    root = KeyFolder(two.folders[0]).load(ROOT_FILE)
    assert root is not None
    said = IssuerRevocation(two.made[0].authority.id, int(NOW) + 1, int(NOW) + 1, "default")
    text = sign_statement(said, root)
    assert isinstance(two.ask(1, Revoked("0" * 64, (text,)), OPERATOR), Bye)
    requests["eve"] = make_request(key, "eve")
    anew = {name: Certify(base64.b64encode(csr).decode()) for name, csr in requests.items()}
    assert two.open()[1] == []
    assert isinstance(two.ask(1, anew["carl"]), Certified)
    assert [two.ask(1, anew[name]).code for name in ("ben", "eve")] == ["later", "later"]


def test_missed_much(two: Together, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has missed more than the log has reads all there is."""
    monkeypatch.setattr(shared_records, "_ENTRIES", 2)
    two.catch_up()
    for _ in range(5):
        two.invite(0)
    kept = [key for key in two.cluster.keys if b"/log/" in key]
    assert len(kept) == 2
    two.catch_up()
    assert two.open() == [[1] * 5] * 2


def test_from_before(folders: list[OwnFolder]) -> None:
    """What each had before they shared it, all have then."""
    made = both(folders)
    for number, each in enumerate(made):
        code = each.authority.invite([PLACE], _open_to(number + 2), NOW)
        answer = each.authority.enroll(
            f"s{number}", Invite.read(code).secret, request(f"s{number}"), NOW
        )
        assert isinstance(answer, Certified)
    two = Together(folders, made)
    two.catch_up()
    assert two.open() == [[1, 2], [1, 2]]
    assert all(each.authority.holders.holds("s0") for each in made)
    assert all(each.authority.holders.holds("s1") for each in made)


def _open_to(uses: int) -> Callable[[str], Any]:
    from p2p_twisted.trust.open_invites import OpenInvite

    return lambda digest: OpenInvite(digest, uses, NOW + 1_000)


def test_strange_records(two: Together) -> None:
    """Something else in etcd is said to be so, and changes nothing."""
    two.catch_up()
    key = base64.b64encode(f"{WORLD}log/{2:012}".encode()).decode()
    for value in (b"[]", b"{", b'{"writer":"x","changes":5}'):
        put = {"request_put": {"key": key, "value": base64.b64encode(value).decode()}}
        two.cluster.transact({"success": [put]})
        assert "something else" in two.ask(0, MakeInvite(1), OPERATOR).reason
    assert two.open() == [[], []]


def test_strange_key(two: Together, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is no text, and the last of a page, is passed over."""
    monkeypatch.setattr(shared_records, "_PAGE", 1)
    key = base64.b64encode(WORLD.encode() + b"items/\xff").decode()
    put = {"request_put": {"key": key, "value": base64.b64encode(b"{}").decode()}}
    two.cluster.transact({"success": [put]})
    two.invite(0)
    newcomer = SharedRecords(two.cluster.member(), WORLD)
    read = Deferred.fromCoroutine(newcomer.catch_up())
    settle(two.clock, read)
    assert read.result is True
    # What others have stored comes after it.
    assert len(newcomer.items) > 1
