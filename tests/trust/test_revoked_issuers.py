"""Issuers that do not count any more, as when a registry's machine was stolen."""

import pytest
from cryptography import x509

from p2p_twisted.trust import issuing
from p2p_twisted.trust.anchor import VerifiedCertificate
from p2p_twisted.trust.comparing import telling
from p2p_twisted.trust.credentials import Credentials, issuer_id, new_key
from p2p_twisted.trust.identity import ADMIN, REGISTRY, Identity
from p2p_twisted.trust.limits import (
    ISSUER_DAYS,
    ISSUER_REVOKED_SINCE_DAYS,
    ISSUERS_REVOKED,
    REVOCATIONS,
    REVOCATIONS_REPLACED,
    VOUCHERS,
)
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.statement import (
    IssuerRevocation,
    Revocation,
    RootStatement,
    Statement,
    read_any_statement,
    read_statement,
    sign_statement,
)
from p2p_twisted.trust.trust_errors import (
    BadStatement,
    NotTrusted,
    RevocationsFull,
    StatementRefused,
    TrustError,
)
from p2p_twisted.trust.voucher import Voucher, still_needed
from p2p_twisted.wire.codec import decode, encode
from tests.trust.private_network import DAY, NOW, PrivateNetwork

NETWORK = PrivateNetwork()
OTHER = NETWORK.another_issuer()
LONG = "x" * 1_000
STOLEN = issuer_id(NETWORK.issuer.key.public_key())
SECOND = int(NOW)


def listed(*statements: RootStatement) -> RevocationList:
    known = RevocationList("default")
    for each in statements:
        known.add(each, NOW)
    return known


def certified(identity: Identity, by: Credentials = OTHER, now: float = NOW) -> VerifiedCertificate:
    """Return what is read of somebody's certificate."""
    return VerifiedCertificate.read(NETWORK.certified(identity, by, now).certificate)


def said(issuer: str, since: int = SECOND, issued: int = SECOND) -> RootStatement:
    """Return what is heard of a revocation, without the cost of a signature."""
    return RootStatement(IssuerRevocation(issuer, since, issued, "default"), f"{issuer}-{issued}")


def test_revoked() -> None:
    """None of its certificates counts, whatever date they have; those of others go on."""
    known = listed(NETWORK.revoke_issuer(NETWORK.issuer))
    for name, now in (("anna", NOW), ("ben", NOW - 20 * DAY), ("carl", NOW + DAY)):
        by_thief = certified(Identity(name, [ADMIN]), NETWORK.issuer, now)
        assert known.is_revoked(by_thief)
        assert not known.is_revoked(certified(Identity(name), now=now))
    assert known.is_revoked(certified(Identity(REGISTRY, [REGISTRY]), NETWORK.issuer))


def test_on_its_word() -> None:
    """What others gave on its word counts if that was before, and only then."""
    known = listed(NETWORK.revoke_issuer(NETWORK.issuer, since=NOW - DAY))
    for at, is_revoked in ((SECOND - DAY - 1, False), (SECOND - DAY, True), (SECOND, True)):
        renewed = certified(Identity("anna", vouchers=(Voucher(STOLEN, at),)))
        assert renewed.identity.vouchers == (Voucher(STOLEN, at),)
        assert known.is_revoked(renewed) is is_revoked
        assert not listed().is_revoked(renewed)


@pytest.mark.parametrize("signer", [NETWORK.issuer, OTHER, PrivateNetwork("other").root])
def test_only_the_root(signer: Credentials) -> None:
    """Nobody else may say so, and the root says nothing else."""
    text = sign_statement(IssuerRevocation(STOLEN, SECOND, SECOND, "default"), signer)
    with pytest.raises(BadStatement, match="only the key of the root may say that"):
        read_any_statement(text, NETWORK.anchor)
    [payload, signature, *_] = text.split(".")
    roots = NETWORK.revoke_issuer(NETWORK.issuer).text.split(".")[2:]
    with pytest.raises(BadStatement, match="not said by whom it claims"):
        read_any_statement(".".join([payload, signature, *roots]), NETWORK.anchor)
    with pytest.raises(BadStatement, match="not of this network"):
        read_any_statement(
            sign_statement(Revocation("ben", SECOND, "default"), NETWORK.root), NETWORK.anchor
        )
    with pytest.raises(BadStatement, match="no member has signed this"):
        read_statement(NETWORK.revoke_issuer(NETWORK.issuer).text, NETWORK.anchor)


def test_an_admin_says_so() -> None:
    """An admin, or a registry, cannot revoke an issuer."""
    for roles in ([ADMIN], [REGISTRY, ADMIN]):
        admin = NETWORK.certified(Identity("anna", roles))
        text = sign_statement(IssuerRevocation(STOLEN, SECOND, SECOND, "default"), admin)
        with pytest.raises(BadStatement, match="only the key of the root"):
            read_any_statement(text, NETWORK.anchor)


def test_the_later_one_counts() -> None:
    """Who has erred about the time says it again; in either order all know the same."""
    first, again = said(STOLEN, SECOND - DAY, SECOND), said(STOLEN, SECOND - 9, SECOND + 5)
    one, two = listed(first, again), listed(again, first)
    assert one.digest() == two.digest() != listed(first).digest()
    assert one.texts() == (again.text,)
    assert one.issuers.vouches(STOLEN, SECOND - 10)
    assert not one.issuers.vouches(STOLEN, SECOND - 9)
    assert not one.add(first, NOW)
    assert one.knows(again.text)
    assert not one.knows(first.text)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (IssuerRevocation(STOLEN, SECOND, SECOND, "other"), "not a revocation of this network"),
        (IssuerRevocation(STOLEN, SECOND, SECOND + 200, "default"), "clock"),
        (IssuerRevocation(STOLEN, SECOND + 200, SECOND, "default"), "clock"),
        (
            IssuerRevocation(
                STOLEN, SECOND - ISSUER_REVOKED_SINCE_DAYS * DAY - 1, SECOND, "default"
            ),
            "60 days ago at most",
        ),
    ],
)
def test_refused(wrong: IssuerRevocation, why: str) -> None:
    """What is of another network or of the future does not count, nor what is too long ago."""
    with pytest.raises(StatementRefused, match=why):
        listed().add(RootStatement(wrong, "text"), NOW)


def test_bounds() -> None:
    """The latest are kept, and as long as anything that they have signed may be good."""
    known = listed(*(said(f"{number:020x}", issued=SECOND - number) for number in range(101)))
    assert len(known.texts()) == ISSUERS_REVOKED
    assert f"{100:020x}" not in known.issuers
    known.prune(NOW + (ISSUER_DAYS - 1) * DAY)
    assert len(known.texts()) == ISSUERS_REVOKED
    known.prune(NOW + ISSUER_DAYS * DAY + 1)
    assert known.texts() == ()
    assert not known.add(said(STOLEN), NOW + ISSUER_DAYS * DAY + 1)


def test_bounds_of_all() -> None:
    """Names and issuers together are as many as two can tell each other; issuers come first."""
    known, admin = listed(), NETWORK.verified(NETWORK.certified(Identity("anna", [ADMIN]), OTHER))
    for number in range(REVOCATIONS):
        revoked = Revocation(f"n{number}", SECOND - number, "default")
        known.add(Statement(revoked, admin, f"n{number} {LONG}"), NOW)
    for number in range(ISSUERS_REVOKED):
        stolen = IssuerRevocation(f"{number:020x}", SECOND, SECOND, "default")
        known.add(RootStatement(stolen, f"{number} {LONG}"), NOW)
    assert len(known.texts()) == REVOCATIONS
    assert len(known.issuers) == ISSUERS_REVOKED
    assert known.is_cut("n899", 0.0)
    assert not known.is_cut("n900", 0.0)
    with pytest.raises(RevocationsFull):
        known.draft("one-more", NOW)
    for line in telling(known, known.texts()):
        decode(encode(line))


def test_what_it_had_said() -> None:
    """
    What its admins had revoked before stays so, and a registry repeats it; the rest is void.

    A thief may have said that since, in any name.
    """
    thief, dora = NETWORK.certified(Identity("x", [ADMIN])), NETWORK.certified(Identity("dora"))
    known, late = listed(), listed()
    known.add(NETWORK.heard(Revocation("ben", SECOND - 100, "default"), thief), NOW)
    known.add(NETWORK.heard(Revocation("dora", SECOND, "default"), thief), NOW)
    tainted = NETWORK.certified(Identity("y", [ADMIN], vouchers=(Voucher(STOLEN, SECOND),)), OTHER)
    known.add(NETWORK.heard(Revocation("carl", SECOND - 9, "default"), tainted), NOW)
    for each in (known, late):
        assert each.add(NETWORK.revoke_issuer(NETWORK.issuer), NOW)
    assert not known.is_cut("dora", NETWORK.verified(dora).since)
    assert not known.is_cut("carl", 0.0)
    assert known.is_cut("ben", SECOND - 101)
    for signer in (thief, tainted):
        with pytest.raises(StatementRefused, match="revoked itself"):
            late.add(NETWORK.heard(Revocation("ben", SECOND - 100, "default"), signer), NOW)
    [draft] = known.orphans()
    assert draft == Revocation("ben", SECOND - 99, "default", before=SECOND - 100)
    registry = NETWORK.certified(Identity(REGISTRY, [REGISTRY]), OTHER)
    for each in (known, late):
        assert each.add(NETWORK.heard(draft, registry), NOW)
    assert known.digest() == late.digest()
    assert known.orphans() == ()


def repeated_by_thief(known: RevocationList) -> None:
    """Have a thief revoke ben again and again, whom an admin has revoked before the theft."""
    anna, thief = (
        NETWORK.certified(Identity("anna", [ADMIN])),
        NETWORK.certified(Identity("x", [ADMIN])),
    )
    known.add(NETWORK.heard(Revocation("ben", SECOND - 100, "default"), anna), NOW)
    for each in range(9):
        known.add(NETWORK.heard(Revocation("ben", SECOND - 9 + each, "default"), thief), NOW)


def test_honest_beneath_a_thiefs() -> None:
    """Who was revoked stays so, however often a thief has revoked it since; others hear of it."""
    known, late = listed(), listed()
    repeated_by_thief(known)
    assert known.is_cut("ben", SECOND - 2)
    assert len(known.texts()) == len(known.counting()) == 1
    again = listed()
    for text in known.kept():
        assert again.add(read_statement(text, NETWORK.anchor), NOW, was_kept=True)
    for each in (known, again):
        assert each.add(NETWORK.revoke_issuer(NETWORK.issuer, since=NOW - 50), NOW)
        assert each.is_cut("ben", SECOND - 101)
        assert not each.is_cut("ben", SECOND - 100)
        assert len(each.texts()) == 2
    [draft] = known.orphans()
    registry = NETWORK.certified(Identity(REGISTRY, [REGISTRY]), OTHER)
    late.add(NETWORK.revoke_issuer(NETWORK.issuer, since=NOW - 50), NOW)
    for each in (known, again, late):
        assert each.add(NETWORK.heard(draft, registry), NOW)
    assert known.digest() == again.digest() == late.digest()


def test_few_of_a_name() -> None:
    """Of one name only a few are kept, and none of a name that is forgotten itself."""
    known = listed()
    repeated_by_thief(known)
    assert len(known.kept()) == 1 + REVOCATIONS_REPLACED
    assert all(known.knows(text) for text in known.kept())
    anna = NETWORK.verified(NETWORK.certified(Identity("anna", [ADMIN])))
    for number in range(REVOCATIONS):
        known.add(Statement(Revocation(f"n{number}", SECOND, "default"), anna, f"{number}"), NOW)
    assert len(known.kept()) == REVOCATIONS


OTHERS_ID = x509.AuthorityKeyIdentifier.from_issuer_public_key(OTHER.key.public_key())
NO_ID = x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(NETWORK.root.certificate.subject)], 1)


@pytest.mark.parametrize("named", [OTHERS_ID, NO_ID])
def test_other_signer_named(named: x509.AuthorityKeyIdentifier) -> None:
    """A certificate that names another signer than it has, or none, is not believed."""
    with pytest.raises(NotTrusted, match="signe"):
        NETWORK.verified(signed_by_thief(named))


def signed_by_thief(named: x509.AuthorityKeyIdentifier) -> Credentials:
    """Return a certificate as only who has an issuer's key can make it."""
    honest, key = NETWORK.let_in("anna").certificate, new_key()
    builder = issuing._builder(honest.subject, key.public_key(), NETWORK.serial(), NOW, 30)
    builder._extensions.clear()
    for each in honest.extensions:
        value = each.value
        if isinstance(value, x509.SubjectKeyIdentifier):
            value = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        if isinstance(value, x509.AuthorityKeyIdentifier):
            value = named
        builder = builder.add_extension(value, each.critical)
    return Credentials(key, issuing._issued(builder, NETWORK.issuer))


def test_vouchers() -> None:
    """A certificate carries the latest of each other issuer, for as long as it may matter."""
    old = SECOND - ISSUER_REVOKED_SINCE_DAYS * DAY
    of = [Voucher(f"{number:020x}", SECOND) for number in range(VOUCHERS + 1)]
    again = (Voucher("a" * 20, SECOND - 9), Voucher("a" * 20, SECOND), Voucher("b" * 20, old - 1))
    assert still_needed((*again, of[0]), of[0].issuer, NOW) == (Voucher("a" * 20, SECOND),)
    assert set(still_needed(of[:-1], STOLEN, NOW)) == set(of[:-1])
    with pytest.raises(TrustError, match="more than 4 other registries"):
        still_needed(of, STOLEN, NOW)
    assert [Voucher.from_label(each.to_label()) for each in of] == of
    for wrong in ("", "x-1", f"{'a' * 20}-", f"{'a' * 20}-{'f' * 11}", f"{'A' * 20}-1"):
        with pytest.raises(NotTrusted, match="on whose word"):
            Voucher.from_label(wrong)
