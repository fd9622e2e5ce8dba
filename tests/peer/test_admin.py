"""What an admin asks of its peer."""

from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred
from zope.interface.verify import verifyObject

from p2p_twisted.peer.admin import Admin
from p2p_twisted.peer.admin_interface import IAdmin
from p2p_twisted.peer_errors import NoNetwork, NotAllowed, PeerError, Unknown
from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.wire.messages import Listed, ListRecords, MakeInvite


class Client:
    """Asks a registry that is there, or not."""

    def __init__(self, fault: Exception | None = None) -> None:
        self._fault = fault
        self.voided: list[str] = []

    async def invite(self, _terms: MakeInvite) -> str:
        self._fail()
        return "p2p1-"

    async def records(self, _asked: ListRecords) -> Listed:
        self._fail()
        return Listed(more=7)

    async def void(self, invite: str) -> None:
        self._fail()
        self.voided.append(invite)

    def _fail(self) -> None:
        if self._fault is not None:
            raise self._fault


def admin(client: Client, is_private: bool = True) -> Admin:
    made = Admin(cast(Any, object() if is_private else None), cast(Any, client))
    assert verifyObject(IAdmin, made)
    return made


def result(asking: Coroutine[Any, Any, Any]) -> Any:
    """Return what comes of it at once, or what it fails with."""
    ended: list[Any] = []
    Deferred.fromCoroutine(asking).addCallbacks(ended.append, lambda f: ended.append(f.value))
    return ended[0]


ALL: tuple[Callable[[Admin], Coroutine[Any, Any, Any]], ...] = (
    lambda asked: asked.invite(MakeInvite()),
    lambda asked: asked.records(ListRecords("members")),
    lambda asked: asked.void("3f2a91bc"),
)


def test_registry() -> None:
    """The registry is asked, and its answer is the answer."""
    client = Client()
    assert [result(ask(admin(client))) for ask in ALL] == ["p2p1-", Listed(more=7), None]
    assert client.voided == ["3f2a91bc"]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (RegistryRefused("refused", "only an admin may, and ben is none: ask anna"), NotAllowed),
        (RegistryRefused("unknown", "there is no invite 3f2a91bc"), Unknown),
        (RegistryUnreachable("it is away"), NoNetwork),
    ],
)
def test_fault(fault: Exception, kind: type[PeerError]) -> None:
    """Each fault is told as the registry says it, with an exit code of its own."""
    for ask in ALL:
        error = result(ask(admin(Client(fault))))
        assert type(error) is kind
        assert str(error) == str(fault)


def test_open_network() -> None:
    """In an open network nobody is asked."""
    for ask in ALL:
        error = result(ask(admin(Client(AssertionError()), is_private=False)))
        assert isinstance(error, NotAllowed)
        assert "this network is open" in str(error)


@pytest.mark.parametrize("id_", ["", "3F2A91BC", "3f2a91b", "3f2a91bc0", "../../x", "anna"])
def test_no_id(id_: str) -> None:
    """What is no id of an invite is not asked for."""
    error = result(admin(Client(AssertionError())).void(id_))
    assert isinstance(error, Unknown)
    assert "is no id of an invite: p2p invites lists them" in str(error)
