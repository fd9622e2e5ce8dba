"""Who somebody is, as certificates carry it."""

import pytest

from p2p_twisted.trust.identity import Identity
from p2p_twisted.trust.limits import GROUPS_OF_A_PEER
from p2p_twisted.trust.trust_errors import NotTrusted
from p2p_twisted.wire.names import BadName


def test_there_and_back() -> None:
    """Name, roles and groups are read as they were written, whatever their order."""
    anna = Identity("anna", ["admin"], ["lab", "all-of-us"])
    names = anna.dns_names()
    assert names == (
        "anna.peer.p2p",
        "admin.role.p2p",
        "all-of-us.group.p2p",
        "lab.group.p2p",
    )
    assert Identity.from_dns_names(reversed(names)) == anna


def test_later_versions() -> None:
    """Roles that are not known are kept, and other kinds of names are passed over."""
    names = ["s1.peer.p2p", "gardener.role.p2p", "1.shelf.p2p", "example.com"]
    assert Identity.from_dns_names(names) == Identity("s1", ["gardener"])


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["admin.role.p2p"],
        ["s1.peer.p2p", "s2.peer.p2p"],
        ["S1.peer.p2p"],
        ["../x.peer.p2p"],
        ["s1.peer.p2p.evil"],
        ["a.s1.peer.p2p"],
        ["s1.peer.p2p", "Admin.role.p2p"],
        ["s1.peer.p2p", ".group.p2p"],
        ["s1.peer.p2p", *(f"g{number}.group.p2p" for number in range(GROUPS_OF_A_PEER + 1))],
    ],
)
def test_no_identity(names: list[str]) -> None:
    """A certificate that does not name one peer as peers are named is nobody's."""
    with pytest.raises(NotTrusted):
        Identity.from_dns_names(names)


def test_groups() -> None:
    """A peer is in so many groups, and no more."""
    groups = [f"g{number}" for number in range(GROUPS_OF_A_PEER)]
    assert len(Identity("s1", [], groups).groups) == GROUPS_OF_A_PEER
    with pytest.raises(BadName, match="groups at most"):
        Identity("s1", [], [*groups, "one-more"])


def test_roles() -> None:
    """An admin is an admin, a registry may do likewise, and only a registry is one."""
    peer, admin = Identity("registry"), Identity("anna", ["admin"])
    registry, odd = Identity("registry", ["registry"]), Identity("anna", ["registry"])
    assert [each.is_admin for each in (peer, admin, registry)] == [False, True, True]
    assert [each.is_registry for each in (peer, admin, registry, odd)] == [
        False,
        False,
        True,
        False,
    ]
