"""The invites that a registry has made."""

import attrs
import pytest

from p2p_twisted.trust.limits import INVITE_DAYS, INVITE_USES, INVITES_KEPT
from p2p_twisted.trust.open_invites import OpenInvite, OpenInvites, secret_hash
from p2p_twisted.trust.trust_errors import InviteRefused, NoSuchInvite, TooManyInvites
from tests.trust.private_network import DAY, NOW

SECRET = b"0123456789"


def invite(secret: bytes = SECRET, uses: int = 2, expires: float = NOW + DAY) -> OpenInvite:
    return OpenInvite(secret_hash(secret), uses, expires, ["admin"], ["lab"])


def invites(*those: OpenInvite) -> OpenInvites:
    made = OpenInvites()
    for each in those:
        made.add(each, NOW)
    return made


def test_uses() -> None:
    """An invite lets in as many as it is for, with its role and groups, and then nobody."""
    kept = invites(invite())
    assert kept.spend(SECRET, NOW) == attrs.evolve(invite(), uses=1)
    assert kept.spend(SECRET, NOW).uses == 0
    with pytest.raises(InviteRefused, match="used up: ask for a new one"):
        kept.spend(SECRET, NOW)
    kept.give_back(secret_hash(SECRET))
    assert kept.spend(SECRET, NOW).roles == {"admin"}
    assert [each.uses for each in kept.all()] == [0]


def test_expiry() -> None:
    """It lets nobody in from the moment on at which it expires."""
    kept = invites(invite())
    assert kept.spend(SECRET, NOW + DAY - 0.001).uses == 1
    with pytest.raises(InviteRefused, match="expired"):
        kept.spend(SECRET, NOW + DAY)


def test_unknown() -> None:
    """A secret that it has not made, or that was voided, lets nobody in."""
    kept = invites(invite(), invite(b"9876543210"))
    for wrong in (b"", b"0123456788", bytes.fromhex(secret_hash(SECRET))):
        with pytest.raises(InviteRefused, match="does not know"):
            kept.spend(wrong, NOW)
    kept.void(secret_hash(SECRET)[:8])
    with pytest.raises(InviteRefused, match="does not know"):
        kept.spend(SECRET, NOW)
    assert kept.spend(b"9876543210", NOW).uses == 1
    kept.void_all()
    kept.give_back(secret_hash(b"9876543210"))
    assert kept.all() == ()


def test_no_secret_is_kept() -> None:
    """Who steals what a registry keeps can come in by none of it."""
    assert SECRET.decode() not in repr(invite())
    assert SECRET.hex() not in repr(invite())
    assert invite().id == secret_hash(SECRET)[:8]


def test_restored() -> None:
    """What was kept is as it was."""
    kept = invites(invite())
    kept.spend(SECRET, NOW)
    assert OpenInvites(kept.all()).spend(SECRET, NOW).uses == 0


@pytest.mark.parametrize(
    "wrong",
    [
        invite(uses=0),
        invite(uses=INVITE_USES + 1),
        invite(expires=NOW),
        invite(expires=NOW + INVITE_DAYS * DAY + 1),
    ],
)
def test_beyond_bounds(wrong: OpenInvite) -> None:
    """None is for more than so many, or for longer."""
    with pytest.raises(TooManyInvites):
        invites(wrong)
    most = invite(uses=INVITE_USES, expires=NOW + INVITE_DAYS * DAY)
    assert invites(most).all() == (most,)


def test_too_many() -> None:
    """Those that have ended make room for others; open ones do not."""
    kept = invites(*(invite(b"%010d" % number) for number in range(INVITES_KEPT)))
    with pytest.raises(TooManyInvites, match="revoke some"):
        kept.add(invite(), NOW)
    for _use in range(2):
        kept.spend(b"0000000007", NOW)
    kept.add(invite(), NOW)
    assert len(kept.all()) == INVITES_KEPT
    with pytest.raises(InviteRefused, match="does not know"):
        kept.spend(b"0000000007", NOW)


def test_forgotten() -> None:
    """An invite that ended long ago is forgotten."""
    kept = invites(invite())
    later = NOW + (INVITE_DAYS + 2) * DAY
    kept.add(invite(b"9876543210", expires=later + DAY), later)
    assert [each.secret_hash for each in kept.all()] == [secret_hash(b"9876543210")]


def test_open() -> None:
    """Those that let somebody in are listed by their ids; others can be taken back no more."""
    kept = invites(
        invite(b"9876543210"),
        invite(),
        invite(b"0000000000", uses=1),
        invite(b"1", expires=NOW + 1),
    )
    kept.spend(b"0000000000", NOW)
    ids = [each.id for each in kept.open(NOW + 2)]
    assert ids == sorted(secret_hash(secret)[:8] for secret in (SECRET, b"9876543210"))
    kept.void(ids[0])
    assert [each.id for each in kept.open(NOW + 2)] == ids[1:]
    with pytest.raises(NoSuchInvite, match=f"no invite {ids[0]}: p2p invites lists"):
        kept.void(ids[0])
