"""How a registry of a private network answers: with a full or slow disk, too, and to guessers."""

import base64
import json

from twisted.internet.defer import Deferred

from p2p_twisted.registry.authority_files import (
    save_records,
)
from p2p_twisted.registry.limits import DECISIONS_WAITING, WRONG_INVITES_PER_MINUTE
from p2p_twisted.registry.record_keeping import RECORDS
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.trust.identity import ADMIN
from p2p_twisted.trust.invite import Invite
from p2p_twisted.trust.open_invites import OpenInvite
from p2p_twisted.trust.statement import Revocation, sign_statement
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
from tests.registry.enrolling import (
    ANNA,
    BEN,
    PLACE,
    Enrolling,
    admin_of,
    invited,
    request,
    verified,
)
from tests.trust.private_network import DAY, NOW


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


def test_for_a_day(folder: OwnFolder) -> None:
    """Who wants to be in for a day is given that; others are given the usual time."""
    enrolling = Enrolling(folder)
    for days, name in ((1, "get-1"), (30, "ben")):
        answer = enrolling.enroll(name, days)
        assert verified(answer, enrolling.made.own).expires == int(NOW) + days * DAY


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
