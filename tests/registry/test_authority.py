"""Who gets a certificate of a private network, and what is remembered of that."""

import base64
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pytest
from cryptography import x509
from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock

from p2p_twisted.registry.authority import Authority
from p2p_twisted.registry.authority_files import (
    ISSUER_FILE,
    OpenedAuthority,
    open_authority,
    save_records,
)
from p2p_twisted.registry.enrollment import Enrollment, PrivateQuestion
from p2p_twisted.registry.limits import DECISIONS_WAITING, WRONG_INVITES_PER_MINUTE
from p2p_twisted.registry.name_holders import NameHeld
from p2p_twisted.registry.record_keeping import RECORDS
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.runtime.threads import inline
from p2p_twisted.trust.anchor import TrustAnchor, VerifiedCertificate
from p2p_twisted.trust.certificate_request import make_request
from p2p_twisted.trust.credentials import Credentials, new_key
from p2p_twisted.trust.identity import ADMIN, Identity
from p2p_twisted.trust.invite import Invite
from p2p_twisted.trust.key_folder import KeyFileFault
from p2p_twisted.trust.open_invites import OpenInvite
from p2p_twisted.trust.statement import Revocation, sign_statement
from p2p_twisted.trust.trust_errors import InviteRefused
from p2p_twisted.wire.messages import (
    Bye,
    Certified,
    Certify,
    Enroll,
    Error,
    Invited,
    MakeInvite,
    Message,
    Revoked,
)
from tests.registry.builders import LOOPBACK
from tests.trust.private_network import DAY, NOW, PrivateNetwork

PLACE = "127.0.0.1:9011"
ANNA, BEN = Identity("anna", [ADMIN]), Identity("ben")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[OwnFolder]:
    """Return an open folder of one's own."""
    folder = OwnFolder(tmp_path / "keys")
    folder.open()
    yield folder
    folder.close()


def opened(folder: OwnFolder, seed: int = 1) -> OpenedAuthority:
    return open_authority(folder, "default", Random(seed), NOW)


def invited(authority: Authority, uses: int = 2, admin: bool = False) -> Invite:
    """Return an invite that somebody was given."""
    roles = [ADMIN] if admin else []
    record = partial(OpenInvite, uses=uses, expires=NOW + DAY, roles=roles, groups=["lab"])
    return Invite.read(authority.invite([PLACE], record, NOW))


def request(name: str = "anna") -> bytes:
    return make_request(new_key(), name)


def verified(answer: Message, own: Credentials) -> VerifiedCertificate:
    """Verify what a newcomer gets, as it does itself."""
    assert isinstance(answer, Certified)
    ders = [base64.b64decode(each) for each in answer.certificates]
    certificate, *signers = map(x509.load_der_x509_certificate, ders)
    return TrustAnchor(own.root).verify(certificate, signers, NOW)


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


def admin_of(made: OpenedAuthority) -> Credentials:
    """Let an admin in, and return what it has."""
    invite, key = invited(made.authority, admin=True), new_key()
    answer = made.authority.enroll("anna", invite.secret, make_request(key, "anna"), NOW)
    ders = [base64.b64decode(each) for each in answer.certificates]
    return Credentials(key, tuple(x509.load_der_x509_certificate(each) for each in ders))


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


class Enrolling:
    """A registry that is asked, whose disk may be full."""

    def __init__(self, folder: OwnFolder) -> None:
        self.made = opened(folder)
        self.is_full = False
        self.later = 0.0
        self.written: Deferred[None] | None = None
        self.clock = Clock()
        self.cuts: list[float] = []
        self.forgotten: list[str] = []
        self.enrollment = Enrollment(
            self.made.authority,
            folder,
            places=[PLACE],
            offload=self._offload,
            clock=self.clock,
            date=lambda: NOW + self.later,
            cut=self.cuts.append,
            own=lambda: self.made.own,
        )
        self.enrollment.revoked.watch(self.forgotten.append)

    def _offload(self, function: Any, *args: Any) -> "Deferred[Any]":
        if self.written is not None:
            return self.written
        return fail(OSError(28, "full")) if self.is_full else inline(function, *args)

    def begin(
        self, asked: PrivateQuestion, identity: Identity | None = None, host: str = LOOPBACK
    ) -> "Deferred[Message]":
        """Ask; fires with the answer."""
        return Deferred.fromCoroutine(self.enrollment.answer(asked, identity, host))

    def ask(
        self, asked: PrivateQuestion, identity: Identity | None = None, host: str = LOOPBACK
    ) -> Message:
        """Return the answer."""
        answers: list[Message] = []
        self.begin(asked, identity, host).addCallback(answers.append)
        [answer] = answers
        return answer

    def enroll(self, name: str = "ben") -> Message:
        """Ask as a newcomer with a new invite does."""
        invite = invited(self.made.authority)
        encoded = base64.b64encode(request(name)).decode()
        return self.ask(Enroll(name, invite.secret.hex(), encoded))


def test_kept_before_it_is_answered(folder: OwnFolder) -> None:
    """Who is let in is on the disk by then."""
    enrolling = Enrolling(folder)
    assert isinstance(enrolling.enroll(), Certified)
    assert "ben" in json.loads(folder.read(RECORDS))["holders"]


def test_recorded(folder: OwnFolder) -> None:
    """What a certificate has told is on the disk; where that is full, it counts nevertheless."""
    enrolling = Enrolling(folder)
    invite = invited(enrolling.made.authority)
    save_records(enrolling.made.authority, folder)
    answer = enrolling.made.authority.enroll("ben", invite.secret, request("ben"), NOW)
    again = Enrolling(folder)
    again.is_full = True
    again.enrollment.shown(verified(answer, enrolling.made.own))
    assert again.made.authority.invites.all() == ()
    assert json.loads(folder.read(RECORDS))["holders"] == {}
    again.is_full = False
    assert isinstance(again.enroll("carl"), Certified)
    assert set(json.loads(folder.read(RECORDS))["holders"]) == {"ben", "carl"}
    again.enrollment.shown(verified(answer, enrolling.made.own))


def test_full_disk(folder: OwnFolder) -> None:
    """Where nothing can be written, nobody is let in, and nothing is used up."""
    enrolling = Enrolling(folder)
    enrolling.is_full = True
    assert enrolling.enroll() == Error(
        "the registry cannot write to its disk: try again later", "later"
    )
    assert [each.uses for each in enrolling.made.authority.invites.all()] == [2]
    enrolling.is_full = False
    assert isinstance(enrolling.enroll(), Certified)


def test_busy(folder: OwnFolder) -> None:
    """Who comes when too many wait is told to come later; nobody else waits for it."""
    enrolling = Enrolling(folder)
    enrolling.written = Deferred()
    waiting: list[Message] = []
    for number in range(DECISIONS_WAITING + 1):
        enrolling.begin(MakeInvite(), ANNA).addCallback(waiting.append)
        assert not waiting, number
    answer = enrolling.ask(MakeInvite(), ANNA)
    assert isinstance(answer, Error)
    assert answer.code == "later"
    written, enrolling.written = enrolling.written, None
    written.callback(None)
    assert len(waiting) == DECISIONS_WAITING + 1
    assert isinstance(enrolling.ask(MakeInvite(), ANNA), Invited)


def test_refused(folder: OwnFolder) -> None:
    """Each refusal has its reason and its code, and no request does any harm."""
    enrolling = Enrolling(folder)
    enrolling.enroll()
    encoded = base64.b64encode(request()).decode()
    for asked, identity, code in (
        (Enroll("carl", "0" * 20, encoded), None, "refused"),
        # Not that there is a ben.
        (Enroll("ben", "0" * 20, encoded), None, "refused"),
        (Enroll("carl", "0" * 20, "AAAA"), None, "refused"),
        (Certify(encoded), None, "later"),
        (Certify("AAAA"), BEN, "refused"),
        (MakeInvite(), None, "refused"),
        (MakeInvite(), BEN, "refused"),
        (Revoked("0" * 64, ("x",)), BEN, "refused"),
    ):
        answer = enrolling.ask(asked, identity)
        assert isinstance(answer, Error), asked
        assert answer.code == code


def test_wrong_invites(folder: OwnFolder) -> None:
    """A machine that guesses is not listened to for a while, and is told so; others are."""
    enrolling = Enrolling(folder)
    good = invited(enrolling.made.authority).secret.hex()
    encoded = base64.b64encode(request()).decode()

    def asked(secret: str, host: str) -> Message:
        return enrolling.ask(Enroll("carl", secret, encoded), host=host)

    for number in range(WRONG_INVITES_PER_MINUTE):
        answer = asked(f"{number:020x}", "192.168.1.9")
        assert isinstance(answer, Error)
        assert answer.reason == "this registry does not know that invite: ask for a new one"
    for secret in ("1" * 20, good):
        assert asked(secret, "192.168.1.9") == Error(
            "too many wrong invites came from this machine: try again in a minute", "later"
        )
    assert isinstance(asked(good, "192.168.1.8"), Certified)
    enrolling.clock.advance(60 / WRONG_INVITES_PER_MINUTE)
    # It costs nothing to ask with an invite that was good once.
    assert isinstance(asked(good, "192.168.1.9"), Certified)


def test_thousands_of_guesses(folder: OwnFolder) -> None:
    """However many, and whoever guesses, nobody is let in but who has an invite."""
    enrolling = Enrolling(folder)
    kept = folder.read(RECORDS)
    for number in range(10_000):
        asked = Enroll("carl", f"{number:020x}", "AAAA")
        assert isinstance(enrolling.ask(asked, host=f"10.0.{number % 256}.1"), Error)
    assert folder.read(RECORDS) == kept
    assert isinstance(enrolling.enroll(), Certified)


def test_odd_base64(folder: OwnFolder) -> None:
    """What is no base64, though it looks like it, is refused as no request."""
    enrolling = Enrolling(folder)
    invite = invited(enrolling.made.authority)
    answer = enrolling.ask(Enroll("ben", invite.secret.hex(), "A"))
    assert isinstance(answer, Error)
    assert answer.code == "refused"


def test_renewal(folder: OwnFolder) -> None:
    """A peer gets another certificate like its own, for a new key."""
    enrolling = Enrolling(folder)
    answer = enrolling.ask(Certify(base64.b64encode(request("anna")).decode()), ANNA)
    assert verified(answer, enrolling.made.own).identity == ANNA


def test_invites(folder: OwnFolder) -> None:
    """An admin gets an invite that works, on its terms."""
    enrolling = Enrolling(folder)
    answer = enrolling.ask(MakeInvite(3, 3_600, admin=True, groups=("lab",)), ANNA)
    assert isinstance(answer, Invited)
    invite = Invite.read(answer.code)
    assert invite.places == (PLACE,)
    [record] = enrolling.made.authority.invites.all()
    assert record == OpenInvite(record.secret_hash, 3, NOW + 3_600, [ADMIN], ["lab"])
    assert answer.code not in repr(answer)


def test_revocation(folder: OwnFolder) -> None:
    """What an admin has revoked is kept, and cuts connections."""
    enrolling = Enrolling(folder)
    admin = admin_of(enrolling.made)
    text = sign_statement(Revocation("ben", int(NOW) + 1, "default"), admin)
    assert enrolling.ask(Revoked("0" * 64, (text,)), ANNA) == Bye("noted")
    assert json.loads(folder.read(RECORDS))["revocations"] == [text]
    assert enrolling.cuts
    assert enrolling.forgotten == ["ben"]


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


def test_unwritten_revocation(folder: OwnFolder) -> None:
    """A revocation counts though it cannot be written down, and is written when told again."""
    enrolling = Enrolling(folder)
    admin = admin_of(enrolling.made)
    text = sign_statement(Revocation("ben", int(NOW) + 1, "default"), admin)
    enrolling.is_full = True
    answer = enrolling.ask(Revoked("0" * 64, (text,)), ANNA)
    assert isinstance(answer, Error)
    assert answer.code == "later"
    assert enrolling.forgotten == ["ben"]
    enrolling.is_full = False
    assert enrolling.ask(Revoked("0" * 64, (text,)), ANNA) == Bye("noted")
    assert json.loads(folder.read(RECORDS))["revocations"] == [text]


def test_clocks_apart(folder: OwnFolder) -> None:
    """A revocation that speaks of a time before the name was taken is not called done."""
    enrolling = Enrolling(folder)
    enrolling.enroll("ben")
    text = sign_statement(Revocation("ben", int(NOW) - 60, "default"), enrolling.made.own)
    answer = enrolling.ask(Revoked("0" * 64, (text,)), ANNA)
    assert isinstance(answer, Error)
    assert "clocks is wrong" in answer.reason


def test_one_of_many(folder: OwnFolder) -> None:
    """A revocation that does not count leaves those beside it alone."""
    enrolling = Enrolling(folder)
    admin = admin_of(enrolling.made)
    text = sign_statement(Revocation("ben", int(NOW) + 1, "default"), admin)
    assert enrolling.ask(Revoked("0" * 64, ("x", text)), BEN) == Bye("noted")
    assert enrolling.forgotten == ["ben"]


def test_comparing(folder: OwnFolder) -> None:
    """Who compares is told what it does not know; that needs no disk."""
    enrolling = Enrolling(folder)
    enrollment, admin = enrolling.enrollment, admin_of(enrolling.made)
    text = sign_statement(Revocation("ben", int(NOW) + 1, "default"), admin)
    enrolling.ask(Revoked("0" * 64, (text,)), ANNA)
    enrolling.is_full = True
    asked = Revoked("0" * 64)
    assert enrolling.ask(asked, BEN) == Bye("noted")
    [told] = enrollment.differing(asked)
    assert told == Revoked(enrollment.digest(), (text,), after=1)
    assert enrollment.differing(Revoked(enrollment.digest())) == []
