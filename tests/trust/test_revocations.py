"""Whose certificates do not count any more."""

from random import Random

import pytest

from p2p_twisted.trust.identity import Identity
from p2p_twisted.trust.limits import CERTIFICATE_DAYS, REVOCATIONS, STATEMENT_FRESH_SECONDS
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.statement import Revocation, Statement, Stop, read_statement
from p2p_twisted.trust.trust_errors import RevocationsFull, StatementRefused
from tests.trust.private_network import DAY, NOW, PrivateNetwork

NETWORK = PrivateNetwork()
ANNA = NETWORK.let_in("anna", admin=True)
BEN = NETWORK.let_in("ben")
SECOND = int(NOW)


def listed() -> RevocationList:
    return RevocationList("default")


def statement(name: str, issued: int = SECOND) -> Statement:
    """Return what is heard of a revocation by anna, without the cost of a signature."""
    return Statement(
        Revocation(name, issued, "default"), NETWORK.verified(ANNA), f"{name}-{issued}"
    )


def test_revoked() -> None:
    """All certificates of a name that were issued so far stop to count; others go on."""
    known = listed()
    old = [NETWORK.verified(NETWORK.let_in("ben", now=at), NOW) for at in (NOW - DAY, NOW)]
    assert not any(known.is_revoked(each) for each in old)
    assert known.add(NETWORK.heard(known.draft("ben", NOW), ANNA), NOW)
    assert all(known.is_revoked(each) for each in old)
    assert not known.is_revoked(NETWORK.verified(ANNA))


def test_invited_again() -> None:
    """A certificate that is issued afterwards counts, be it a moment later, or by a slow clock."""
    known = listed()
    NETWORK.revoke("ben", ANNA, known)
    for now in (NOW, NOW + 0.1, NOW - 60, NOW + DAY):
        at = known.issuable_at("ben", now)
        assert 0 <= at - now <= 61
        again = NETWORK.let_in("ben", now=at)
        assert not known.is_revoked(NETWORK.verified(again, at))
        # It is good at once, though its date may be a little ahead.
        NETWORK.verified(again, now)
    assert known.issuable_at("anna", NOW) == NOW


def test_only_admins() -> None:
    """Nobody but an admin revokes, not even itself."""
    known = listed()
    with pytest.raises(StatementRefused, match="only an admin may revoke, and ben is none"):
        NETWORK.revoke("ben", BEN, known)
    assert known.texts() == ()


def test_not_by_the_revoked() -> None:
    """An admin who was revoked revokes nobody, whatever date it claims."""
    known = listed()
    carl = NETWORK.let_in("carl", admin=True)
    NETWORK.revoke("carl", ANNA, known)
    for issued in (SECOND - 100, SECOND + 1, SECOND + 60):
        with pytest.raises(StatementRefused, match="revoked itself"):
            known.add(NETWORK.heard(Revocation("anna", issued, "default"), carl), NOW)
    assert not known.is_revoked(NETWORK.verified(ANNA))


def test_signed_anew() -> None:
    """Who revokes an admin repeats what that one had revoked, for those who believe it no more."""
    known, late = listed(), listed()
    carl = NETWORK.let_in("carl", admin=True)
    NETWORK.revoke("ben", carl, known)
    NETWORK.revoke("dora", ANNA, known)
    again = NETWORK.let_in("ben", now=known.issuable_at("ben", NOW))
    drafts = known.drafts("carl", NOW + 9)
    assert [each.name for each in drafts] == ["carl", "ben"]
    for draft in drafts:
        said = NETWORK.heard(draft, ANNA)
        assert known.add(said, NOW + 9)
        assert late.add(said, NOW + 9)
    # It repeats, and does not say more.
    assert known.is_revoked(NETWORK.verified(BEN))
    assert not known.is_revoked(NETWORK.verified(again, NOW + 9))
    assert known.drafts("carl", NOW + 10) == (known.draft("carl", NOW + 10),)
    # Who has not heard of dora hears of her from anybody.
    for text in known.texts():
        late.add(read_statement(text, NETWORK.anchor), NOW + 9)
    assert late.digest() == known.digest()


def test_repeated() -> None:
    """Of two who repeat at once the same one counts everywhere; the future is not repeated."""
    ben, dora = NETWORK.let_in("ben", admin=True), NETWORK.let_in("dora", admin=True)
    both = [
        NETWORK.heard(Revocation("carl", SECOND + 5, "default", before=SECOND), signer)
        for signer in (ben, dora)
    ]
    one, two = listed(), listed()
    assert [one.add(each, NOW + 5) for each in both] == [True, True]
    assert [two.add(each, NOW + 5) for each in reversed(both)] == [True, False]
    assert one.digest() == two.digest()
    ahead = Revocation("carl", SECOND + 5, "default", before=SECOND + 500)
    with pytest.raises(StatementRefused, match="clock"):
        one.add(NETWORK.heard(ahead, ben), NOW + 5)


def test_in_order() -> None:
    """Who learns a list from its beginning believes all of it, be its signers revoked by then."""
    known, late = listed(), listed()
    carl = NETWORK.let_in("carl", admin=True)
    NETWORK.revoke("ben", carl, known)
    NETWORK.revoke("carl", ANNA, known, NOW + 5)
    for text in known.texts():
        assert late.add(read_statement(text, NETWORK.anchor), NOW + 5)
    assert late.digest() == known.digest()
    assert all(known.knows(text) for text in late.texts())
    assert not known.knows("x")


def test_other_statements() -> None:
    """What is said of another network, or is no revocation, is not taken."""
    for said in (Revocation("ben", SECOND, "other"), Stop("0" * 32, SECOND, "default")):
        with pytest.raises(StatementRefused, match="not a revocation of this network"):
            listed().add(NETWORK.heard(said, ANNA), NOW)


def test_future() -> None:
    """Nobody revokes what will be issued: only as far ahead as clocks differ."""
    known = listed()
    assert known.add(statement("ben", SECOND + STATEMENT_FRESH_SECONDS), NOW)
    with pytest.raises(StatementRefused, match="clock"):
        known.add(statement("ben", SECOND + STATEMENT_FRESH_SECONDS + 1), NOW)


def test_forgotten() -> None:
    """A revocation is kept until all that it speaks of has ended, and no longer."""
    known = listed()
    assert known.add(statement("ben"), NOW)
    last = NETWORK.verified(NETWORK.let_in("ben", now=NOW - 1))
    # A registry that has not heard of it renews that as long as it is good.
    end = SECOND + 2 * CERTIFICATE_DAYS * DAY
    assert last.expires + CERTIFICATE_DAYS * DAY < end
    known.prune(end - 1)
    assert known.texts() == (f"ben-{SECOND}",)
    known.prune(end)
    assert known.texts() == ()
    assert not listed().add(statement("ben"), end)
    # By this clock, which may be wrong.
    assert known.kept() == (f"ben-{SECOND}",)
    assert known.is_revoked(last)
    known.prune(NOW)
    assert known.texts() == known.kept()


def test_latest_counts() -> None:
    """Of two revocations of a name the later one counts, in whatever order they come."""
    for order in ((10, 20), (20, 10)):
        known = listed()
        assert [known.add(statement("ben", SECOND + each), NOW) for each in order] == [
            True,
            order == (10, 20),
        ]
        assert not known.add(statement("ben", SECOND + 20), NOW)
        assert known.texts() == (f"ben-{SECOND + 20}",)


def test_digest() -> None:
    """Lists have one digest if they say the same, in whatever order it came."""
    those = [statement(f"s{number}", SECOND + number) for number in range(20)]
    one, two = listed(), listed()
    assert one.digest() == two.digest()
    for each in those:
        one.add(each, NOW)
    assert one.digest() != two.digest()
    for each in Random(1).sample(those, len(those)):
        two.add(each, NOW)
    assert one.digest() == two.digest()
    two.add(statement("s3", SECOND + 50), NOW)
    assert one.digest() != two.digest()


def test_bounded() -> None:
    """Whatever comes in whatever order, all keep the same thousand: those that matter longest."""
    those = [statement(f"s{number}", SECOND - number) for number in range(REVOCATIONS + 5)]
    one, two = listed(), listed()
    for each in those:
        one.add(each, NOW)
    for each in reversed(those):
        two.add(each, NOW)
    assert len(one.texts()) == len(two.texts()) == REVOCATIONS
    assert one.digest() == two.digest()
    assert f"s0-{SECOND}" in one.texts()
    assert not one.add(those[-1], NOW)
    later = NOW + 3 * CERTIFICATE_DAYS * DAY
    assert one.add(statement("new", int(later)), later)
    assert one.texts() == (f"new-{int(later)}",)
    assert len(one.kept()) == REVOCATIONS


def test_full() -> None:
    """Where a thousand are revoked, another one is refused, but a known name is not."""
    known = listed()
    for number in range(REVOCATIONS):
        known.add(statement(f"s{number}"), NOW)
    with pytest.raises(RevocationsFull, match="1,000 names"):
        known.draft("one-more", NOW)
    assert known.draft("s1", NOW).name == "s1"
    assert known.draft("one-more", NOW + 2 * CERTIFICATE_DAYS * DAY).name == "one-more"


def test_registry() -> None:
    """Nobody revokes the registry by its name, which would cut all off from it."""
    known = listed()
    with pytest.raises(StatementRefused, match="no member"):
        known.draft("registry", NOW)
    with pytest.raises(StatementRefused, match="no member"):
        known.add(statement("registry"), NOW)


def test_names_are_apart() -> None:
    """A revocation of a peer says nothing of another whose name begins like it."""
    known = listed()
    NETWORK.revoke("ann", ANNA, known)
    assert NETWORK.verified(ANNA).identity == Identity("anna", ["admin"])
    assert not known.is_revoked(NETWORK.verified(ANNA))
