"""What admins say to a private network, at one of its peers."""

from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, Logger, formatEvent

from p2p_twisted.peer.network_statements import NetworkStatements
from p2p_twisted.peer_errors import NotAllowed
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.runtime.threads import inline
from p2p_twisted.trust.credentials import Credentials
from p2p_twisted.trust.identity import Identity
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.tls import TlsSecurity
from p2p_twisted.wire.connection import Connection
from tests.trust.private_network import DAY, NOW, PrivateNetwork

NETWORK = PrivateNetwork()
ANNA = NETWORK.let_in("anna", admin=True)
BEN, CARL = NETWORK.let_in("ben"), NETWORK.let_in("carl")
ID = "0" * 32


class Member:
    """One peer, with the connections that it has open."""

    def __init__(self, credentials: Credentials, folder: OwnFolder, now: float = NOW) -> None:
        self.now = now
        self.is_full = False
        self.security = TlsSecurity(credentials, RevocationList("default"), Clock())
        self.statements = NetworkStatements(
            "default",
            self.security,
            folder=folder,
            offload=self._offload,
            date=lambda: self.now,
        )

    def _offload(self, function: Any, *args: Any) -> "Deferred[Any]":
        return inline(_full if self.is_full else function, *args)


def _full(*_args: object) -> None:
    raise OSError(28, "full")


class Cuttable:
    """A connection that can be cut."""

    is_cut = False

    def abort(self) -> None:
        self.is_cut = True


@pytest.fixture
def folders(tmp_path: Path) -> list[OwnFolder]:
    """Return folders of several peers."""
    return [OwnFolder(tmp_path / f"s{number}") for number in range(3)]


def test_nonsense(folders: list[OwnFolder], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever says what does not count fills nobody's log with it."""
    ben, events = Member(BEN, folders[0]), list[LogEvent]()
    monkeypatch.setattr(
        NetworkStatements, "log", Logger(observer=cast(ILogObserver, events.append))
    )
    for _ in range(1_000):
        assert not ben.statements.hear("a.b.c.d")
        assert ben.statements.stopped_by("a.b.c.d") is None
    assert 0 < len(events) < 10
    ben.now += 60
    ben.statements.hear("a.b.c.d")
    assert "does not count" in formatEvent(events[-1])


def linked(member: Member, other: Credentials) -> Cuttable:
    """Open a connection on which somebody has shown a certificate."""
    connection = Cuttable()
    verified = NETWORK.verified(other)
    member.security._open[cast(Connection, connection)] = verified
    return connection


def test_stop(folders: list[OwnFolder]) -> None:
    """An admin's stop is obeyed once; nobody else can even say it."""
    anna, ben = Member(ANNA, folders[0]), Member(BEN, folders[1])
    text = anna.statements.sign_stop(ID)
    assert ben.statements.stopped_by(text) == "anna"
    assert ben.statements.stopped_by(text) is None
    with pytest.raises(NotAllowed, match="only an admin may stop this network, and ben is none"):
        ben.statements.sign_stop(ID)
    for nonsense in ("", "stop", text[:-4]):
        assert ben.statements.stopped_by(nonsense) is None


def test_stop_by_anyone(folders: list[OwnFolder]) -> None:
    """Where peers are told so, any member may stop them, but for one that was revoked."""
    anna, ben, carl = (
        Member(of, folder) for of, folder in zip((ANNA, BEN, CARL), folders, strict=True)
    )
    text = ben.statements.sign_stop(ID, by_anyone=True)
    assert anna.statements.stopped_by(text) is None
    assert carl.statements.stopped_by(text, by_anyone=True) == "ben"
    for revocation in anna.statements.revoke("ben"):
        carl.statements.hear(revocation)
    again = ben.statements.sign_stop("1" * 32, by_anyone=True)
    assert carl.statements.stopped_by(again, by_anyone=True) is None


def test_stop_of_before(folders: list[OwnFolder]) -> None:
    """A stop that was recorded does not end a network that was started since."""
    text = Member(ANNA, folders[0]).statements.sign_stop(ID)
    assert Member(BEN, folders[1], NOW + 3).statements.stopped_by(text) is None


def test_revocation(folders: list[OwnFolder]) -> None:
    """Connections of a revoked peer are cut at once, others stay; no other than an admin may."""
    anna, ben = Member(ANNA, folders[0]), Member(BEN, folders[1])
    of_carl, of_anna = linked(ben, CARL), linked(ben, ANNA)
    [text] = anna.statements.revoke("carl")
    assert ben.statements.hear(text)
    assert (of_carl.is_cut, of_anna.is_cut) == (True, False)
    assert not ben.statements.hear(text)
    with pytest.raises(NotAllowed, match="only an admin may revoke"):
        ben.statements.revoke("anna")
    assert not ben.statements.hear("nonsense")


def test_kept(folders: list[OwnFolder]) -> None:
    """A peer that starts again knows whom it has heard of; damaged files are passed over."""
    anna, ben = Member(ANNA, folders[0]), Member(BEN, folders[1])
    ben.statements.hear(anna.statements.revoke("carl")[0])
    again = Member(BEN, folders[1])
    assert again.security.revocations.digest() != ben.security.revocations.digest()
    again.statements.load()
    assert again.security.revocations.digest() == ben.security.revocations.digest()
    for damaged in (b"", b"{", b"[1]", b'["x"]', b"7"):
        folders[1].replace("revocations.json", damaged)
        Member(BEN, folders[1]).statements.load()


@pytest.mark.parametrize("days", [-1 / 24, 61, 800])
def test_wrong_clock(folders: list[OwnFolder], days: float) -> None:
    """A peer that runs once with a wrong clock forgets nobody by that, whatever it hears then."""
    other, now = NETWORK.another_issuer(), NOW + days * DAY
    ben = Member(BEN, folders[1])
    ben.statements.hear(Member(ANNA, folders[0]).statements.revoke("carl")[0])
    ben.statements.hear(NETWORK.revoke_issuer(other).text)
    wrong = Member(BEN, folders[1], now)
    wrong.statements.load()
    third = NETWORK.revoke_issuer(NETWORK.another_issuer(), now, now)
    assert wrong.statements.hear(third.text)
    again = Member(BEN, folders[1])
    again.statements.load()
    for known in (wrong, again):
        assert known.security.revocations.is_revoked(NETWORK.verified(CARL))
        by_other = NETWORK.certified(Identity("emil"), other)
        assert known.security.revocations.is_revoked(NETWORK.verified(by_other))


def test_admins(folders: list[OwnFolder]) -> None:
    """Who revokes an admin repeats what it had revoked; one that revokes itself does not."""
    anna, carl = Member(ANNA, folders[0]), Member(NETWORK.let_in("carl", admin=True), folders[1])
    [of_ben] = carl.statements.revoke("ben")
    assert anna.statements.hear(of_ben)
    assert len(carl.statements.revoke("carl")) == 1
    repeated = anna.statements.revoke("carl")
    late = Member(BEN, folders[2])
    assert [late.statements.hear(text) for text in repeated] == [True, True]
    assert late.security.revocations.is_revoked(NETWORK.verified(BEN))


def test_kept_order(folders: list[OwnFolder]) -> None:
    """What is kept is believed again, though who had said it was revoked since."""
    anna, ben = Member(ANNA, folders[0]), Member(BEN, folders[1])
    carl = Member(NETWORK.let_in("carl", admin=True), folders[2])
    ben.statements.hear(carl.statements.revoke("dora")[0])
    anna.now = ben.now = NOW + 9
    ben.statements.hear(anna.statements.revoke("carl")[0])
    again = Member(BEN, folders[1], NOW + 9)
    again.statements.load()
    assert again.security.revocations.texts() == ben.security.revocations.texts()


def test_kept_one_after_the_other(
    folders: list[OwnFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of revocations that come at once, none writes over what a later one has written."""
    anna, ben = Member(ANNA, folders[0]), Member(BEN, folders[1])
    waiting: list[tuple[Deferred[None], Any]] = []

    def later(_ben: Member, function: Any, *args: Any) -> "Deferred[None]":
        waiting.append((Deferred(), lambda: function(*args)))
        return waiting[-1][0]

    monkeypatch.setattr(ben.statements, "_offload", partial(later, ben))
    for name in ("carl", "dora", "emil"):
        ben.statements.hear(anna.statements.revoke(name)[0])
    for done in range(3):
        assert len(waiting) == done + 1
        fired, work = waiting[done]
        work()
        fired.callback(None)
    again = Member(BEN, folders[1])
    again.statements.load()
    assert again.security.revocations.digest() == ben.security.revocations.digest()


def test_full_disk(folders: list[OwnFolder]) -> None:
    """A revocation counts though it cannot be written down."""
    anna, ben = Member(ANNA, folders[0]), Member(BEN, folders[1])
    ben.is_full = True
    of_carl = linked(ben, CARL)
    assert ben.statements.hear(anna.statements.revoke("carl")[0])
    assert of_carl.is_cut
