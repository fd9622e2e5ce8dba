"""What an admin is told of members and invites, however many there are."""

import pytest

from p2p_twisted.registry.authority import Authority
from p2p_twisted.registry.enrollment import OPERATOR
from p2p_twisted.registry.name_holder import NameHolder
from p2p_twisted.registry.private_lists import listed
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.trust.identity import ADMIN, Identity
from p2p_twisted.trust.limits import GROUPS_OF_A_PEER, INVITES_KEPT
from p2p_twisted.trust.open_invites import OpenInvite
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.messages import (
    Bye,
    Error,
    Invited,
    InviteRecord,
    Listed,
    ListRecords,
    MakeInvite,
    MemberRecord,
    Void,
)
from tests.registry.enrolling import ANNA, BEN, Enrolling, admin_of, opened
from tests.trust.private_network import DAY, NOW


def asked_for(authority: Authority, what: str, after: str = "") -> Listed:
    """Return an answer, once it was seen to fit on a line."""
    asked = ListRecords("members" if what == "members" else "invites", after)
    answer = listed(authority, asked, OPERATOR, NOW)
    encode(answer)
    assert isinstance(answer, Listed)
    return answer


def test_members(folder: OwnFolder) -> None:
    """Each is listed with what it is, until its certificate ends; who was revoked is not."""
    enrolling = Enrolling(folder)
    authority = enrolling.made.authority
    assert asked_for(authority, "members") == Listed()
    admin_of(enrolling.made)
    enrolling.enroll("ben")
    until = float(int(NOW)) + 30 * DAY
    here = authority.id
    anna = MemberRecord("anna", until, admin=True, groups=("lab",), registry=here)
    ben = MemberRecord("ben", until, groups=("lab",), registry=here)
    assert asked_for(authority, "members") == Listed(members=(anna, ben))
    assert authority.holders.members(NOW + 31 * DAY, "", 9) == ([], 0)
    assert authority.holders.admins(NOW + 31 * DAY) == []
    again = opened(folder, seed=2).authority
    assert asked_for(again, "members") == Listed(members=(anna, ben))


def test_one_member(folder: OwnFolder) -> None:
    """One may be asked for by name, until its certificate ends."""
    made = opened(folder)
    admin_of(made)
    for name, now, found in (("anna", NOW, 1), ("ana", NOW, 0), ("anna", NOW + 31 * DAY, 0)):
        answer = listed(made.authority, ListRecords("members", only=name), OPERATOR, now)
        assert isinstance(answer, Listed)
        assert [each.name for each in answer.members] == ["anna"] * found


@pytest.mark.parametrize("length", [5, 31])
def test_many_members(folder: OwnFolder, length: int) -> None:
    """Of ten thousand, with names and groups of any length, each is told once, in order."""
    authority = opened(folder).authority
    names = [f"{number:0{length}}" for number in range(10_000)]
    groups = [f"{group:0{length}}" for group in range(GROUPS_OF_A_PEER)]
    holder = NameHolder(NOW, NOW + DAY, "k", True, tuple(groups))
    authority.holders._held = dict.fromkeys(reversed(names), holder)
    told: list[str] = []
    while len(told) < len(names):
        answer = asked_for(authority, "members", told[-1] if told else "")
        assert len(answer.members) >= 50 or not answer.more
        told += [each.name for each in answer.members]
        assert answer.more == len(names) - len(told)
    assert told == names


def test_many_invites(folder: OwnFolder) -> None:
    """Likewise as many invites as there may be."""
    authority = opened(folder).authority
    groups = [f"{group:031}" for group in range(GROUPS_OF_A_PEER)]
    for _ in range(INVITES_KEPT):
        authority.invite(
            ["127.0.0.1:9011"], lambda of: OpenInvite(of, 1, NOW + DAY, [ADMIN], groups), NOW
        )
    told: list[InviteRecord] = []
    while len(told) < INVITES_KEPT:
        answer = asked_for(authority, "invites", told[-1].id if told else "")
        assert answer.more == INVITES_KEPT - len(told) - len(answer.invites)
        told += answer.invites
    assert sorted(each.id for each in told) == [each.id for each in told]
    assert told[0].admin
    assert told[0].groups == tuple(groups)


def test_taken_back(folder: OwnFolder) -> None:
    """An invite that was taken back is listed no more, and lets nobody in."""
    enrolling = Enrolling(folder)
    assert isinstance(enrolling.ask(MakeInvite(3, 3_600), ANNA), Invited)
    answer = enrolling.ask(ListRecords("invites"), ANNA)
    assert isinstance(answer, Listed)
    [made] = answer.invites
    assert made == InviteRecord(made.id, 3, float(int(NOW + 3_600)))
    assert enrolling.ask(Void(made.id), ANNA) == Bye("noted")
    assert enrolling.ask(ListRecords("invites"), ANNA) == Listed()
    answer = enrolling.ask(Void(made.id), ANNA)
    assert isinstance(answer, Error)
    assert answer.code == "unknown"


@pytest.mark.parametrize("asked", [ListRecords("members"), ListRecords("invites"), Void("0" * 8)])
def test_no_admin(folder: OwnFolder, asked: ListRecords | Void) -> None:
    """Who is none is told who is."""
    enrolling = Enrolling(folder)
    admin_of(enrolling.made)
    for identity in (BEN, Identity("carl", groups=["lab"])):
        answer = enrolling.ask(asked, identity)
        assert isinstance(answer, Error)
        assert answer.reason.endswith(f", and {identity.name} is none: ask anna")
        assert answer.code == "refused"
    assert isinstance(enrolling.ask(asked, None), Error)


def test_full_disk(folder: OwnFolder) -> None:
    """Lists are told though nothing can be written: there is nothing to write."""
    enrolling = Enrolling(folder)
    enrolling.is_full = True
    assert enrolling.ask(ListRecords("members"), ANNA) == Listed()
