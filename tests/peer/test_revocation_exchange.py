"""Peers and a registry that hear of revocations from each other."""

from pathlib import Path
from typing import Any

import attrs
import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from p2p_twisted.peer.admin import Admin
from p2p_twisted.peer.revocation_exchange import REVOKE, RevocationExchange
from p2p_twisted.peer_errors import NotAllowed, PeerError
from p2p_twisted.registry.authority import Authority
from p2p_twisted.registry.enrollment import Enrollment
from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.runtime.threads import inline
from p2p_twisted.trust.credentials import Credentials
from p2p_twisted.trust.identity import Identity
from p2p_twisted.trust.limits import REVOCATIONS_AT_ONCE
from p2p_twisted.wire.messages import Error, Gossip, Revoked, Welcome
from p2p_twisted.wire.names import PeerAddress, PeerName
from tests.peer.test_network_statements import ANNA, BEN, CARL, NETWORK, Member
from tests.registry.builders import LOOPBACK
from tests.trust.private_network import NOW


class Registry:
    """The registry of the network, which may be away; it is asked as over a connection."""

    def __init__(self, folder: OwnFolder) -> None:
        self.authority = Authority("default", NETWORK.issuer, NETWORK.rng)
        self.forgotten: list[PeerName] = []
        self.asked: list[Revoked] = []
        self.is_away = False
        self._enrollment = Enrollment(
            self.authority,
            folder,
            places=lambda: ["127.0.0.1:9011"],
            offload=inline,
            clock=Clock(),
            date=lambda: NOW,
            cut=lambda _now: None,
            own=lambda: ANNA,
        )
        self._enrollment.revoked.watch(self.forgotten.append)

    async def compare(self, asked: Revoked) -> list[Revoked]:
        if self.is_away:
            raise RegistryUnreachable("no registry listens there")
        self.asked.append(asked)
        told = self._enrollment.differing(asked)
        answer = await self._enrollment.answer(asked, Identity("ben"), LOOPBACK)
        if isinstance(answer, Error):
            raise RegistryRefused(answer.code, answer.reason)
        return told

    def welcome(self) -> Welcome:
        """Return what a peer hears that renews its lease."""
        welcome = Welcome("ben", "127.0.0.1", 9_000, 60.0, "0" * 32)
        return attrs.evolve(welcome, revoked=self._enrollment.digest())


class Link:
    """One end of a link, which brings the other end what is sent, once it is told to."""

    def __init__(self) -> None:
        self.sent: list[Revoked] = []
        self.number = 0

    def send(self, message: Revoked) -> None:
        self.sent.append(message)
        self.number += 1


class Peer:
    """A member, its links and its broadcasts; stands for its network and its driver, too."""

    def __init__(self, credentials: Credentials, folder: OwnFolder, registry: Registry) -> None:
        self.member = Member(credentials, folder)
        self.me = self.address = PeerAddress("s1", "127.0.0.1", 9_000)
        self.links: dict[Link, Peer] = {}
        self.published: list[Gossip] = []
        this: Any = self
        client: Any = registry
        self.exchange = RevocationExchange(self.member.statements, this, client)
        self.admin = Admin(self.exchange, client)

    @property
    def driver(self) -> "Peer":
        return self

    @property
    def known(self) -> str:
        """The digest of what it knows."""
        return self.member.security.revocations.digest()

    def revoke(self, name: str) -> None:
        """Act as the person who is at it."""
        succeeded(Deferred.fromCoroutine(self.admin.revoke(name)))

    # As its network and driver

    async def connected(self) -> "Peer":
        return self

    def new_id(self) -> str:
        return "0" * 32

    def publish(self, gossip: Gossip) -> None:
        self.published.append(gossip)

    def tell_neighbors(self, message: Revoked, besides: Link | None) -> None:
        for link in self.links:
            if link is not besides:
                link.send(message)


def succeeded(done: "Deferred[None]") -> None:
    faults: list[Any] = []
    done.addErrback(faults.append)
    assert done.called
    for fault in faults:
        raise fault.value


def link(one: Peer, other: Peer) -> int:
    """Link two, and have all who are linked hear what follows; return how many lines that is."""
    for here, there in ((one, other), (other, one)):
        made = Link()
        here.links[made] = there
        sending: Any = made
        here.exchange.greet(sending)
    return talk(one, other)


def talk(*peers: Peer) -> int:
    """Have everybody hear what was sent, until there is silence."""
    lines, seen = 0, list(peers)
    for peer in seen:
        seen += [other for other in peer.links.values() if other not in seen]
    while waiting := [(peer, made) for peer in seen for made in peer.links if made.sent]:
        for peer, made in waiting:
            sent, made.sent = made.sent, []
            there = peer.links[made]
            [back] = [end for end, far in there.links.items() if far is peer]
            for message in sent:
                answering: Any = back
                there.exchange.told(answering, message)
                lines += 1
    return lines


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(OwnFolder(tmp_path / "registry"))


@pytest.fixture
def peers(tmp_path: Path, registry: Registry) -> list[Peer]:
    """Return anna, who is an admin, ben and carl."""
    folders = [OwnFolder(tmp_path / name) for name in ("anna", "ben", "carl")]
    return [
        Peer(who, folder, registry) for who, folder in zip((ANNA, BEN, CARL), folders, strict=True)
    ]


def test_registry_runs(peers: list[Peer], registry: Registry) -> None:
    """Who is revoked is told to all by a broadcast, and to the registry at once."""
    anna, ben, _ = peers
    anna.revoke("dora")
    [gossip] = anna.published
    assert (gossip.kind, gossip.urgent) == (REVOKE, True)
    ben.exchange.heard(gossip.text)
    assert ben.known == anna.known == registry.authority.revocations.digest()
    assert registry.forgotten == ["dora"]


def test_registry_away(peers: list[Peer], registry: Registry) -> None:
    """One that was away hears of it from any peer that renews its lease, once it is back."""
    anna, ben, _ = peers
    registry.is_away = True
    anna.revoke("dora")
    ben.exchange.heard(anna.published[0].text)
    registry.is_away = False
    ben.exchange.welcomed(registry.welcome())
    assert registry.authority.revocations.digest() == ben.known
    assert registry.forgotten == ["dora"]
    registry.asked.clear()
    for peer in (anna, ben):
        peer.exchange.welcomed(registry.welcome())
    assert registry.asked == []


def test_peer_away(peers: list[Peer], registry: Registry) -> None:
    """A peer that was away hears of it from the registry, too, and tells its neighbors."""
    anna, ben, carl = peers
    link(ben, carl)
    for name in ("dora", "emil"):
        anna.revoke(name)
    ben.exchange.welcomed(registry.welcome())
    talk(ben)
    assert anna.known == ben.known == carl.known


def test_registry_fails_meanwhile(peers: list[Peer], registry: Registry) -> None:
    """What could not be compared is compared at the next renewal."""
    anna, ben, _ = peers
    anna.revoke("dora")
    welcome = registry.welcome()
    registry.is_away = True
    ben.exchange.welcomed(welcome)
    assert ben.known != anna.known
    registry.is_away = False
    ben.exchange.welcomed(welcome)
    assert ben.known == anna.known


def test_never_agree(peers: list[Peer], registry: Registry) -> None:
    """Where one side does not believe what the other does, that is not compared for ever."""
    ben, other = peers[1], NETWORK.let_in("fred", admin=True)
    NETWORK.revoke("dora", other, ben.member.security.revocations)
    NETWORK.revoke("fred", ANNA, registry.authority.revocations)
    for _ in range(3):
        ben.exchange.welcomed(registry.welcome())
    first = len(registry.asked)
    for _ in range(3):
        ben.exchange.welcomed(registry.welcome())
    assert len(registry.asked) == first < 6


def test_open_registry(peers: list[Peer], registry: Registry) -> None:
    """A registry that tells no digest is not asked."""
    anna = peers[0]
    registry.is_away = True
    anna.revoke("dora")
    registry.is_away = False
    anna.exchange.welcomed(attrs.evolve(registry.welcome(), revoked=None))
    assert registry.asked == []


def test_neighbors(peers: list[Peer], registry: Registry) -> None:
    """Who was away hears of it at its first link, and those behind it do so, too; once."""
    anna, ben, carl = peers
    assert link(ben, carl) == 2
    anna.revoke("dora")
    # Two comparisons, an answer, and one line to carl.
    assert link(anna, ben) == 4
    assert anna.known == ben.known == carl.known
    assert link(carl, anna) == 2


@pytest.mark.slow
def test_many(peers: list[Peer], registry: Registry) -> None:
    """A long list is told over one link as well, a part at a time."""
    anna, ben, _ = peers
    known = anna.member.security.revocations
    for number in range(REVOCATIONS_AT_ONCE * 2 + 5):
        NETWORK.revoke(f"s{number}", ANNA, known)
    link(anna, ben)
    assert ben.known == anna.known
    far: Any = registry
    assert len(known.texts()) > 2 * REVOCATIONS_AT_ONCE
    anna.exchange.welcomed(far.welcome())
    assert registry.authority.revocations.digest() == anna.known


def test_refused(peers: list[Peer], registry: Registry) -> None:
    """Only admins may; where the registry refuses what peers take, that is said."""
    anna, ben, _ = peers
    with pytest.raises(NotAllowed, match="only an admin may revoke"):
        ben.revoke("dora")
    NETWORK.revoke("anna", NETWORK.let_in("fred", admin=True), registry.authority.revocations)
    with pytest.raises(PeerError, match="dora is revoked among the peers, but the registry"):
        anna.revoke("dora")


def test_open_network() -> None:
    """In an open network nobody is revoked."""
    client: Any = None
    with pytest.raises(NotAllowed, match="this network is open"):
        succeeded(Deferred.fromCoroutine(Admin(None, client).revoke("dora")))
