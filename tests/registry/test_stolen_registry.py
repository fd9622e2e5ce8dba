"""A registry whose machine was stolen: what another one still gives to those whom it has let in."""

import json
from random import Random

import attrs
import pytest

from p2p_twisted.registry import name_holders
from p2p_twisted.registry.authority import Authority
from p2p_twisted.registry.limits import NAMES_KEPT
from p2p_twisted.registry.name_holders import NameHeld, NameHolders
from p2p_twisted.trust.anchor import VerifiedCertificate
from p2p_twisted.trust.certificate_request import make_request
from p2p_twisted.trust.credentials import Credentials
from p2p_twisted.trust.identity import ADMIN, Identity
from p2p_twisted.trust.limits import GROUPS_OF_A_PEER
from p2p_twisted.trust.statement import (
    Revocation,
    sign_statement,
)
from p2p_twisted.trust.trust_errors import TrustError, UnknownKey
from p2p_twisted.trust.voucher import Voucher
from tests.registry.enrolling import invited, request, verified
from tests.trust.private_network import DAY, NOW, PrivateNetwork

BEFORE = NOW - DAY
NETWORK = PrivateNetwork(now=NOW - 9 * DAY)
STOLEN, OURS = NETWORK.issuer, NETWORK.another_issuer(NOW - 9 * DAY)


@pytest.fixture
def second() -> Authority:
    """Return a registry of the same network as the stolen one."""
    return Authority("default", OURS, Random(1))


def member(
    name: str = "anna", now: float = BEFORE, *, since: int = int(NOW - 5 * DAY), admin: bool = False
) -> Credentials:
    """Return somebody whom the stolen registry has let in."""
    roles = [ADMIN] if admin else []
    return NETWORK.certified(Identity(name, roles, ["lab"], since), STOLEN, now)


def meet(registry: Authority, whom: Credentials, now: float = BEFORE) -> bool:
    """Have somebody show its certificate; return whether that tells something."""
    shown = VerifiedCertificate.read(whom.certificate)
    is_news = registry.is_news(shown)
    if is_news:
        registry.learn(shown, now)
    return is_news


def revoke(registry: Authority, since: float = NOW) -> None:
    """Have the root say that the first registry was stolen."""
    registry.revoke(NETWORK.revoke_issuer(STOLEN, since).text, NOW)


def anew(registry: Authority, whom: Credentials) -> VerifiedCertificate:
    """Have somebody certified anew by its key."""
    _, answer = registry.certify_anew(make_request(whom.key, "any"), NOW)
    made = verified(answer, NETWORK.issuer)
    assert made.key == whom.key.public_key()
    return made


def test_known_before(second: Authority) -> None:
    """Who was seen before is what it was, for the key that it has; the name stays its own."""
    anna = member(admin=True)
    assert meet(second, anna)
    revoke(second)
    made = anew(second, anna)
    assert made.identity == Identity("anna", [ADMIN], ["lab"])
    assert made.since == int(NOW - 5 * DAY)
    assert not second.revocations.is_revoked(made)
    with pytest.raises(NameHeld):
        second.enroll("anna", invited(second).secret, request(), NOW)
    # From then on it is this registry's own.
    again = verified(second.renew(made.identity, request(), NOW), NETWORK.issuer)
    assert not second.revocations.is_revoked(again)


def test_by_its_record(second: Authority) -> None:
    """What it says of itself later does not count: it may be in league with the thief."""
    anna = member()
    meet(second, anna)
    forged = NETWORK.certified(Identity("boss", [ADMIN]), STOLEN)
    meet(second, Credentials(anna.key, forged.certificates))
    revoke(second)
    assert anew(second, anna).identity == Identity("anna", [], ["lab"])


@pytest.mark.parametrize("met", [None, NOW - 60, NOW])
def test_not_known_by_then(second: Authority, met: float | None) -> None:
    """Who was never seen, or since then only, has to be invited; its name is free for that."""
    carl = member("carl")
    if met is not None:
        meet(second, carl, met)
    revoke(second, since=NOW - 60)
    with pytest.raises(UnknownKey, match="ask for a new invite"):
        anew(second, carl)
    answer = second.enroll("carl", invited(second).secret, request("carl"), NOW)
    assert not second.revocations.is_revoked(verified(answer, NETWORK.issuer))


def test_thief_takes_names(second: Authority) -> None:
    """However many certificates a thief shows in a name, who had it before has it again."""
    anna = member()
    meet(second, anna)
    thieves = [member(now=BEFORE + 60 * each) for each in range(1, 9)]
    for thief in thieves:
        assert meet(second, thief, NOW)
    revoke(second)
    for thief in thieves:
        with pytest.raises(UnknownKey):
            anew(second, thief)
    assert not second.revocations.is_revoked(anew(second, anna))


def test_thief_has_them_renewed(second: Authority) -> None:
    """What a thief had certified by another registry does not count, how often it was renewed."""
    thief = member("thief", since=10**11, admin=True)
    shown = VerifiedCertificate.read(thief.certificate)
    made = verified(second.renew(shown.identity, request(), NOW), NETWORK.issuer)
    assert made.identity.vouchers == (Voucher(shown.issuer, int(NOW)),)
    # Nobody comes in later than now: otherwise its name could not be revoked.
    assert made.since == int(NOW)
    third = Authority("default", NETWORK.another_issuer(), Random(2))
    for registry in (second, third, second):
        made = verified(registry.renew(made.identity, request(), NOW + 9), NETWORK.issuer)
    for since, is_revoked in ((NOW, True), (NOW + 1, False)):
        known = Authority("default", OURS, Random(1))
        revoke(known, since)
        assert known.revocations.is_revoked(made) is is_revoked


def test_renewed_elsewhere_before(second: Authority) -> None:
    """Who had been renewed here before has a certificate that goes on."""
    shown = VerifiedCertificate.read(member().certificate)
    made = verified(second.renew(shown.identity, request(), BEFORE), NETWORK.issuer)
    revoke(second)
    assert not second.revocations.is_revoked(made)


def test_revoked_by_name(second: Authority) -> None:
    """Who was revoked itself does not come back by its key, nor by an earlier one."""
    for key in (anna := member(), member(now=BEFORE + 60)):
        meet(second, key)
    registry = second.own(BEFORE, anna.key)
    said = Revocation("anna", int(BEFORE) + 90, "default")
    second.revoke(sign_statement(said, registry), NOW)
    meet(second, anna)
    revoke(second)
    with pytest.raises(UnknownKey):
        anew(second, anna)


def test_revoked_by_name_again(second: Authority) -> None:
    """Nor does it come back by a thief's having revoked its name once more."""
    meet(second, anna := member())
    thief = NETWORK.certified(Identity("x", [ADMIN]), STOLEN)
    for signer, issued in ((second.own(BEFORE, anna.key), BEFORE), (thief, NOW)):
        said = Revocation("anna", int(issued) + 1, "default")
        second.revoke(sign_statement(said, signer), NOW + 1)
    again = Authority("default", OURS, Random(2))
    again.restore(json.loads(json.dumps(second.to_json())), NOW)
    for registry in (second, again):
        revoke(registry)
        with pytest.raises(UnknownKey):
            anew(registry, anna)


def test_of_one_name(second: Authority) -> None:
    """Where both had let somebody in by one name, this registry's own keeps it."""
    second.enroll("ben", invited(second).secret, request("ben"), BEFORE)
    ben = member("ben", BEFORE - DAY)
    meet(second, ben)
    revoke(second)
    with pytest.raises(UnknownKey):
        anew(second, ben)
    with pytest.raises(NameHeld):
        second.enroll("ben", invited(second).secret, request("ben"), NOW)


def test_own_members(second: Authority) -> None:
    """A key is no certificate: whom this registry has certified has to show that one."""
    key = member().key
    second.enroll("ben", invited(second).secret, make_request(key, "ben"), NOW)
    with pytest.raises(UnknownKey):
        second.certify_anew(make_request(key, "ben"), NOW)


@pytest.mark.parametrize(("since", "knows_later"), [(NOW, True), (NOW - 30, False)])
def test_restarted(second: Authority, since: float, knows_later: bool) -> None:
    """All of it is in the records, with the key that a name had before."""
    anna, later = member(), member(now=BEFORE + 60)
    meet(second, anna)
    meet(second, later, NOW - 30)
    again = Authority("default", OURS, Random(2))
    again.restore(json.loads(json.dumps(second.to_json())), NOW)
    revoke(again, since)
    last = Authority("default", OURS, Random(3))
    last.restore(again.to_json(), NOW)
    known, unknown = (later, anna) if knows_later else (anna, later)
    assert not last.revocations.is_revoked(anew(last, known))
    with pytest.raises(UnknownKey):
        anew(last, unknown)


def test_earlier_version(second: Authority) -> None:
    """The records of an earlier version are read."""
    meet(second, member())
    kept = second.to_json()
    del kept["former"]
    kept["holders"] = {name: holder[:8] for name, holder in kept["holders"].items()}
    again = Authority("default", OURS, Random(2))
    again.restore(kept, NOW)
    assert again.holders.holds("anna")


def test_was_stolen_itself() -> None:
    """A registry that was revoked certifies nobody any more, and says what to do."""
    stolen = Authority("default", STOLEN, Random(1))
    invite = invited(stolen)
    revoke(stolen)
    with pytest.raises(TrustError, match="this registry's key was revoked"):
        stolen.enroll("ben", invite.secret, request("ben"), NOW)
    assert [each.uses for each in stolen.invites.all()] == [2]


def test_too_large(second: Authority) -> None:
    """An admin is not certified by what would not fit into what it says."""
    widest = Authority("n" * 31, PrivateNetwork("n" * 31).issuer, Random(1))
    groups = [f"{number}" * 31 for number in range(GROUPS_OF_A_PEER)]
    identity = Identity("s" * 31, [ADMIN], groups, int(NOW))
    widest.renew(identity, request(), NOW)
    with pytest.raises(TrustError, match="too large"):
        widest.renew(attrs.evolve(identity, issuer="a" * 20), request(), NOW)
    widest.renew(attrs.evolve(identity, roles=[], issuer="a" * 20), request(), NOW)


def test_clock_ahead() -> None:
    """A registry whose clock was wrong for a while forgets nobody by that."""
    shown = VerifiedCertificate.read(member().certificate)
    registry = Authority("default", STOLEN, Random(1))
    registry.learn(shown, NOW)
    registry.learn(VerifiedCertificate.read(member("ben").certificate), NOW + 999 * DAY)
    assert registry.holders.members(NOW, "", 9)[1] == 2
    assert registry.holders.members(NOW + 999 * DAY, "", 9)[1] == 0


def test_many_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thief cannot make a registry remember any number of names."""
    monkeypatch.setattr(name_holders, "REGISTERED", 3)
    registry = Authority("default", OURS, Random(1))
    assert [meet(registry, member(f"n{number}")) for number in range(5)] == [True] * 3 + [False] * 2
    assert meet(registry, member("n0", now=NOW))


def test_names_kept() -> None:
    """Where there are too many names, those that ended first are forgotten; no others are."""
    registry = Authority("default", STOLEN, Random(1))
    registry.learn(VerifiedCertificate.read(member().certificate), NOW)
    [holder] = registry.holders._held.values()
    holders = NameHolders("")
    for number in range(NAMES_KEPT + 5):
        expires = NOW + DAY if number % 2 else NOW - DAY + number
        holders.hold(f"n{number}", attrs.evolve(holder, expires=expires), NOW)
    gone = [number for number in range(NAMES_KEPT + 5) if not holders.holds(f"n{number}")]
    assert gone == [0, 2, 4, 6, 8]
