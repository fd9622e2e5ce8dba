"""A registry's machine is stolen, and the key of the root is elsewhere: in virtual time."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred

from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.download.progress import Saved
from p2p_twisted.registry.authority_files import ISSUER_FILE, ROOT_FILE, save_second
from p2p_twisted.registry.record_keeping import RECORDS
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.testing import invariants
from p2p_twisted.testing.daemons import NETWORK, REGISTRY
from p2p_twisted.testing.private_daemons import NotLetIn, PrivateDaemons
from p2p_twisted.trust.credentials import Credentials, issuer_id
from p2p_twisted.trust.issuing import make_issuer
from p2p_twisted.trust.key_folder import KeyFolder
from p2p_twisted.trust.serial_number import SerialNumber
from p2p_twisted.trust.statement import IssuerRevocation, sign_statement
from p2p_twisted.trust.tls import TlsSecurity
from tests.registry.builders import registered

FILM = bytes(range(256)) * 20_000
STOLEN, SECOND = "p2pmeta.d", "second.d"


class Drill:
    """Five peers, the root's key on a stick, and the issuer's key that a thief will have."""

    def __init__(self, daemons: PrivateDaemons, stick: Path) -> None:
        self.daemons = daemons
        self.keys = daemons.folder / STOLEN
        stick.mkdir(mode=0o700)
        self.root_key = stick / ROOT_FILE
        (self.keys / ROOT_FILE).rename(self.root_key)
        self.root = self._load(self.root_key)
        self.issuer = self._load(self.keys / ISSUER_FILE)

    def second_takes_over(self) -> None:
        """Have another registry, made by the first one, answer in its place."""
        serial = SerialNumber.next_after(7, self.daemons._rng)
        folder = OwnFolder(self.daemons.folder / SECOND)
        folder.open()
        issuer = make_issuer(self.root, NETWORK, serial, self.daemons.wall())
        save_second(folder, NETWORK, issuer)
        folder.close()
        self.take_over()

    def take_over(self, root_key: Path | None = None) -> None:
        """Have what is in the second folder answer in the place of the first registry."""
        self.daemons.crash(REGISTRY)
        self.daemons.keys, self.daemons.root_key = SECOND, root_key
        self.daemons.start_registry()

    def statement(self, since: float) -> str:
        """Sign with the root's key that the first registry's does not count."""
        now = self.daemons.wall()
        id_ = issuer_id(self.issuer.key.public_key())
        said = IssuerRevocation(id_, int(since), int(now), NETWORK)
        return sign_statement(said, self.root)

    def issuers(self) -> dict[str, str]:
        """Tell who has certified each peer that has a part in the network."""
        return {name: security.own.issuer for name, security in self._running()}

    def certified_anew(self) -> bool:
        """Return whether all have certificates of the second registry."""
        return set(self.issuers().values()) == {self.daemons._authority.id}

    def shown_by_thief(self) -> bool:
        """Return whether any connection goes on by a certificate of the stolen issuer."""
        stolen = issuer_id(self.issuer.key.public_key())
        return any(
            shown.issuer == stolen
            for _, security in self._running()
            for shown in security._open.values()
        )

    def _running(self) -> Iterator[tuple[str, TlsSecurity]]:
        for name in self.daemons.peers:
            yield name, self.daemons.private[name].security

    @staticmethod
    def _load(path: Path) -> Credentials:
        found = KeyFolder(OwnFolder(path.parent)).load(path.name)
        assert found is not None
        return found


@pytest.fixture
def drill(p2p_network: Callable[..., PrivateDaemons], tmp_path: Path) -> Drill:
    return Drill(p2p_network(private=True), tmp_path / "stick")


def publish(drill: Drill, since: float) -> None:
    """Have one peer tell the others."""
    publishing = drill.daemons.peers["s3"].admin.publish(drill.statement(since))
    drill.daemons.result(Deferred.fromCoroutine(publishing))


def hear_from(drill: Drill, seconds: float) -> None:
    """Let time pass, and all certificates of the stolen issuer go."""
    drill.daemons.run(4.0)
    assert not drill.shown_by_thief()
    drill.daemons.run(seconds)


def test_another_registry(drill: Drill) -> None:
    """All that it had seen before are certified anew within a minute, and find together again."""
    daemons = drill.daemons
    drill.second_takes_over()
    daemons.run(60.0)
    daemons.crash("s5")
    publish(drill, daemons.wall())
    hear_from(drill, 60.0)
    # One that was off hears from the registry, at its first word, that it has to ask.
    daemons.start("s5")
    daemons.run(60.0)
    assert drill.certified_anew()
    invariants.hold(daemons, *invariants.SETTLED)
    # They, and the registry, know it when they start again.
    for name in (*daemons.peers, REGISTRY):
        daemons.crash(name)
    daemons.start_registry()
    for number in range(1, 6):
        daemons.start(f"s{number}")
    daemons.run(30.0)
    known = [each.security.revocations for each in daemons.private.values()]
    issuer = issuer_id(drill.issuer.key.public_key())
    assert all(issuer in each.issuers for each in (*known, daemons._authority.revocations))
    invariants.hold(daemons, *invariants.SETTLED)


def test_downloads_go_on(drill: Drill) -> None:
    """A download that is cut off by it is complete in the end."""
    daemons = drill.daemons
    daemons.start("s6", {"film": FILM})
    drill.second_takes_over()
    daemons.run(60.0)
    daemons.peers["s6"].limit(Rates(up=len(FILM) // 20))
    getting = daemons.peers["s2"].get("film", lambda _: None)
    daemons.run(5.0)
    assert not getting.called
    publish(drill, daemons.wall())
    assert isinstance(daemons.result(getting, 240.0).state, Saved)
    assert daemons.download("s2", "film") == FILM
    assert drill.certified_anew()


@pytest.mark.slow
def test_thief(drill: Drill) -> None:
    """Whoever has the stolen key gets in by no name, new or old, whatever date it writes."""
    daemons = drill.daemons
    drill.second_takes_over()
    daemons.run(60.0)
    publish(drill, daemons.wall())
    hear_from(drill, 60.0)
    daemons.crash("s4")
    daemons.keys = STOLEN
    for name, issued in (("s4", daemons.wall() - 60), ("s6", daemons.wall()), ("s7", 1.8e9)):
        daemons.put_back(name, issued)
        daemons.start(name)
        daemons.run(130.0)
        assert daemons.cast_out(name).status().neighbors == ()
        assert name not in registered(daemons)
    invariants.hold(daemons, *invariants.SETTLED)


def test_from_a_backup(drill: Drill) -> None:
    """
    With the records of a backup, and the key of the root, a new registry knows all members.

    It has a key of its own; who came since the backup needs an invite, as does everybody in the end
    who is not recorded.
    """
    daemons = drill.daemons
    (daemons.folder / SECOND).mkdir(mode=0o700)
    shutil.copy2(drill.keys / RECORDS, daemons.folder / SECOND / RECORDS)
    daemons.start("s6")
    daemons.run(10.0)
    drill.take_over(drill.root_key)
    publish(drill, daemons.wall() - 5.0)
    hear_from(drill, 60.0)
    outcast = daemons.cast_out("s6")
    assert drill.certified_anew()
    assert outcast.status().neighbors == ()
    invariants.hold(daemons, *invariants.SETTLED)
    assert any("ask for a new invite, and --join with it" in line for line in daemons.said)
    daemons.crash("s6")
    daemons.come_in("s6")
    daemons.start("s6")
    daemons.run(20.0)
    assert drill.certified_anew()
    invariants.hold(daemons, *invariants.SETTLED)


def test_from_nothing(drill: Drill) -> None:
    """With the key of the root alone, members that it has seen stay; all others need an invite."""
    daemons = drill.daemons
    daemons.crash("s5")
    drill.take_over(drill.root_key)
    daemons.run(60.0)
    publish(drill, daemons.wall())
    hear_from(drill, 60.0)
    assert drill.certified_anew()
    daemons.start("s5")
    daemons.run(60.0)
    daemons.cast_out("s5")
    assert drill.certified_anew()
    invariants.hold(daemons, *invariants.SETTLED)
    daemons.crash("s5")
    with pytest.raises(NotLetIn, match="the name s4 is taken"):
        daemons.come_in("s4")
    daemons.come_in("s5")
    daemons.start("s5")
    daemons.run(20.0)
    invariants.hold(daemons, *invariants.SETTLED)
