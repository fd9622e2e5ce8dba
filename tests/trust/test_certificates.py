"""Which certificates a network trusts, and when."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from p2p_twisted.trust import limits
from p2p_twisted.trust.anchor import TrustAnchor, VerifiedCertificate
from p2p_twisted.trust.certificate_request import make_request, read_request
from p2p_twisted.trust.credentials import Credentials, key_hash, new_key
from p2p_twisted.trust.identity import Identity
from p2p_twisted.trust.issuing import certify, make_issuer, make_root
from p2p_twisted.trust.serial_number import SerialNumber
from p2p_twisted.trust.trust_errors import (
    BadCertificateRequest,
    CertificateExpired,
    CertificateNotYetValid,
    NotTrusted,
)
from tests.trust.private_network import DAY, NOW, PrivateNetwork

NETWORK = PrivateNetwork()
OTHER = PrivateNetwork("other")


def self_made(name: str) -> Credentials:
    """Return a certificate that says all the right things, and that nobody else has signed."""
    key = new_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "default issuer")])
    begin = datetime.fromtimestamp(int(NOW), UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"{name}.peer.p2p")]), False)
        .sign(key, hashes.SHA256())
    )
    return Credentials(key, (made,))


def test_members() -> None:
    """A certificate of the network says who has it, since when, and until when."""
    before = NETWORK.verified(NETWORK.let_in("ben"))
    anna = NETWORK.let_in("anna", admin=True, groups=["lab"])
    verified = NETWORK.verified(anna)
    assert verified.identity == Identity("anna", ["admin"], ["lab"])
    assert verified.issued == int(NOW)
    assert verified.expires == int(NOW) + limits.CERTIFICATE_DAYS * DAY
    assert verified.serial.counter == before.serial.counter + 1
    assert key_hash(verified.key) == key_hash(anna.key.public_key())


def test_dates() -> None:
    """It is good for its time, to the second; beyond it, the clocks are part of the reason."""
    anna = NETWORK.let_in("anna")
    begin = int(NOW) - limits.BACKDATED_SECONDS
    end = int(NOW) + limits.CERTIFICATE_DAYS * DAY
    for good in (begin, end):
        NETWORK.verified(anna, good)
    with pytest.raises(CertificateNotYetValid, match=r"clock says 2027-01-15 07:54 UTC$"):
        NETWORK.verified(anna, begin - 1)
    with pytest.raises(CertificateExpired, match=r"ended at 2027-02-14 08:00 UTC, and this"):
        NETWORK.verified(anna, end + 1)
    with pytest.raises(CertificateNotYetValid, match="1970-01-01"):
        NETWORK.verified(anna, 0)


def test_renewal() -> None:
    """It is due after ten days, and ends soon five days before it does."""
    verified = NETWORK.verified(NETWORK.let_in("anna"))
    due = int(NOW) + limits.RENEWAL_AFTER_DAYS * DAY
    by_then = due + limits.RENEWAL_SPREAD_SECONDS
    assert [verified.is_due(at) for at in (due - 1, by_then)] == [False, True]
    warned = verified.expires - limits.WARNING_DAYS * DAY
    assert [verified.is_ending(at) for at in (warned - 1, warned)] == [False, True]


def test_renewals_are_spread() -> None:
    """Of many who came at once no more than a tenth more than their share are due in an hour."""
    came = [VerifiedCertificate.read(NETWORK.let_in("anna").certificate) for _ in range(300)]
    due = int(NOW) + limits.RENEWAL_AFTER_DAYS * DAY
    counts = [sum(each.is_due(due + hour * 3_600) for each in came) for hour in range(25)]
    assert (counts[0], counts[-1]) == (0, 300)
    assert max(later - sooner for sooner, later in pairwise(counts)) < 30


def test_short() -> None:
    """One that is good for a day is renewed after a third of it, and not at once with others."""
    key, serial = new_key().public_key(), NETWORK.serial()
    chain = certify(NETWORK.issuer, key, Identity("ben"), serial=serial, now=NOW, days=1)
    verified = VerifiedCertificate.read(chain[0])
    assert verified.expires == int(NOW) + DAY
    hours = [hour for hour in range(24) if verified.is_due(int(NOW) + 3_600 * hour)]
    assert hours[0] in (8, 9)
    assert hours == list(range(hours[0], 24))


def test_strangers() -> None:
    """Certificates of another network, self-made ones, and those without their issuer's are not."""
    anna = NETWORK.let_in("anna")
    for certificate, signers in (
        (OTHER.let_in("anna").certificate, OTHER.issuer.certificates),
        (OTHER.let_in("anna").certificate, NETWORK.issuer.certificates),
        (self_made("anna").certificate, []),
        (self_made("anna").certificate, NETWORK.issuer.certificates),
        (anna.certificate, []),
        (anna.certificate, OTHER.issuer.certificates),
    ):
        with pytest.raises(NotTrusted, match="not of this network"):
            NETWORK.anchor.verify(certificate, signers, NOW)


def test_signers_are_nobody() -> None:
    """The certificates of root and issuers let nobody in."""
    for signer in (NETWORK.root, NETWORK.issuer):
        with pytest.raises(NotTrusted):
            NETWORK.verified(signer)


def test_issuers_make_no_issuers() -> None:
    """An issuer may sign peers' certificates only, whoever verifies that."""
    for signer, most in ((NETWORK.root, 1), (NETWORK.issuer, 0)):
        found = signer.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert found.critical
        assert found.value == x509.BasicConstraints(ca=True, path_length=most)


def test_members_sign_nothing() -> None:
    """What is signed with a member's key, or by an issuer that an issuer has made, is worthless."""
    anna, key = NETWORK.let_in("anna"), new_key()
    serial = NETWORK.serial()
    by_anna = certify(anna, key.public_key(), Identity("root"), serial=serial, now=NOW)
    second = make_issuer(NETWORK.issuer, NETWORK.name, serial, NOW)
    by_second = certify(second, key.public_key(), Identity("root"), serial=serial, now=NOW)
    for forged in (by_anna, by_second):
        with pytest.raises(NotTrusted):
            NETWORK.anchor.verify(forged[0], forged[1:], NOW)


def test_never_outlives_its_issuer() -> None:
    """A certificate ends with its issuer's, which signs nothing once it has ended."""
    near = int(NOW) + (limits.ISSUER_DAYS - 3) * DAY
    late = NETWORK.let_in("late", now=near)
    assert NETWORK.verified(late, near).expires == int(NOW) + limits.ISSUER_DAYS * DAY
    with pytest.raises(CertificateExpired, match="make a new issuer"):
        NETWORK.let_in("later", now=near + 3 * DAY)


def test_issuer_and_root_end() -> None:
    """They have years, and an issuer made near the end of its root ends with it."""
    root = make_root("old", SerialNumber(1, 1), NOW)
    end = int(NOW) + limits.ROOT_DAYS * DAY
    assert root.certificate.not_valid_after_utc.timestamp() == end
    issuer = make_issuer(root, "old", SerialNumber(2, 1), end - DAY)
    assert issuer.certificate.not_valid_after_utc.timestamp() == end


def test_root_of_an_invite() -> None:
    """The root is found by its key's hash, also by the beginning of that; others are not."""
    sent = NETWORK.let_in("registry").certificates
    whole = key_hash(NETWORK.root.key.public_key())
    for known in (whole, whole[:16]):
        assert TrustAnchor.named(sent, known) == NETWORK.anchor
    for not_it in (OTHER.let_in("registry").certificates, sent[:2], ()):
        with pytest.raises(NotTrusted, match="no registry of the network that the invite is for"):
            TrustAnchor.named(not_it, whole[:16])


def test_root_with_its_key_alone() -> None:
    """A certificate that somebody else has signed for the root's key is no root."""
    forged = certify(
        OTHER.issuer, NETWORK.root.key.public_key(), Identity("x"), serial=OTHER.serial(), now=NOW
    )
    with pytest.raises(NotTrusted):
        TrustAnchor.named(forged, key_hash(NETWORK.root.key.public_key()))


def test_serial_numbers() -> None:
    """They count upwards, are read as they were written, and fit what X.509 allows."""
    first = SerialNumber.next_after(0, NETWORK.rng)
    later = SerialNumber.next_after(first.counter, NETWORK.rng)
    assert first < later
    for each in (first, later, SerialNumber(2**63, 2**64 - 1), SerialNumber(1, 0)):
        assert SerialNumber.from_int(each.to_int()) == each
        assert each.to_int().bit_length() < 160
    assert first.random != later.random


def test_request() -> None:
    """Who has a key can ask for a certificate of it; nobody else can."""
    key = new_key()
    request = make_request(key, "anna")
    assert key_hash(read_request(request)) == key_hash(key.public_key())
    changed = bytearray(request)
    changed[-1] ^= 1
    with pytest.raises(BadCertificateRequest, match="does not have its key"):
        read_request(bytes(changed))


def test_other_keys() -> None:
    """Nothing but P-256 is certified, and what is no request is said to be none."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    other = builder.sign(ec.generate_private_key(ec.SECP384R1()), hashes.SHA256())
    for request in (other.public_bytes(serialization.Encoding.DER), b"", b"\x30\x00", b"x" * 999):
        with pytest.raises(BadCertificateRequest, match="not a request"):
            read_request(request)


def test_small() -> None:
    """A certificate takes less than a kilobyte on the wire, even with all that it may carry."""
    widest = NETWORK.let_in(
        "n" * 31, admin=True, groups=[f"{n}" * 31 for n in range(limits.GROUPS_OF_A_PEER)]
    )
    size = len(widest.certificate.public_bytes(serialization.Encoding.DER))
    assert size < 1_024
