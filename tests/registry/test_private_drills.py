"""Private networks in bad times: whole networks, in virtual time."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs, formatEvent

from p2p_twisted.api.registry_admin import RegistryAdmin
from p2p_twisted.download.progress import Saved
from p2p_twisted.peer.sights import LinkEnded
from p2p_twisted.testing import invariants
from p2p_twisted.testing.daemons import REGISTRY
from p2p_twisted.testing.private_daemons import NotLetIn, PrivateDaemons
from tests.registry.builders import registered

DAY = 86_400.0
FILM = bytes(range(256)) * 2_048
KEYS = "p2pmeta.d"


@pytest.fixture
def daemons(p2p_network: Callable[..., PrivateDaemons]) -> PrivateDaemons:
    """Return five peers in one private network, ``s1`` an admin among them."""
    return p2p_network(private=True)


def shown(daemons: PrivateDaemons) -> dict[str, int]:
    """Return the serial number of what each peer shows."""
    parts = daemons.private.items()
    return {name: part.security.credentials.certificate.serial_number for name, part in parts}


def revoke(daemons: PrivateDaemons, name: str) -> None:
    """Act as the admin."""
    daemons.result(Deferred.fromCoroutine(daemons.peers["s1"].admin.revoke(name)))


def digests(daemons: PrivateDaemons) -> set[str]:
    """Return those of what all who are in the network know of revocations."""
    lists = [daemons.private[name].security.revocations for name in daemons.peers]
    return {each.digest() for each in (*lists, daemons._authority.revocations)}


def test_revoked_while_the_registry_is_down(daemons: PrivateDaemons) -> None:
    """All peers know at once; the registry when it is back; nobody says it again."""
    daemons.crash(REGISTRY)
    revoke(daemons, "s4")
    daemons.run(2.0)
    assert daemons.cast_out("s4").status().neighbors == ()
    daemons.start_registry()
    daemons.run(40.0)
    assert len(digests(daemons)) == 1
    assert daemons._authority.revocations.texts()
    assert registered(daemons) == ["s1", "s2", "s3", "s5"]
    invariants.hold(daemons, *invariants.SETTLED)


def test_peer_was_off(daemons: PrivateDaemons) -> None:
    """A peer that was off meanwhile learns it when it is back, and does not talk to the revoked."""
    daemons.crash("s5")
    revoke(daemons, "s4")
    daemons.run(2.0)
    daemons.cast_out("s4")
    daemons.start("s5")
    daemons.run(10.0)
    assert len(digests(daemons)) == 1
    invariants.hold(daemons, *invariants.SETTLED)


def test_operator(daemons: PrivateDaemons) -> None:
    """What is said on the registry's machine all peers hear within half a minute."""
    admin = RegistryAdmin(daemons._parts.enrollment)
    daemons.result(Deferred.fromCoroutine(admin.revoke("s4")))
    daemons.run(40.0)
    assert daemons.cast_out("s4").status().neighbors == ()
    assert len(digests(daemons)) == 1
    assert registered(daemons) == ["s1", "s2", "s3", "s5"]
    daemons.result(Deferred.fromCoroutine(admin.stop_peers()))
    daemons.crash("s5")
    daemons.run(40.0)
    stopped = {name for name, each in daemons.network.processes.items() if each.has_stopped}
    assert stopped == {"s1", "s2", "s3"}
    assert daemons.said.count("registry has stopped the network") == 3
    # Who starts by then is not meant.
    daemons.start("s5")
    daemons.run(60.0)
    assert not daemons.network.processes["s5"].has_stopped


def pass_days(daemons: PrivateDaemons, *days: float) -> None:
    """Let days pass at once, and everybody look around after each."""
    for each in days:
        daemons.passed += each * DAY
        daemons.run(130.0)


def test_without_a_registry(daemons: PrivateDaemons) -> None:
    """25 days after the last that was seen of it, all goes on; once it is back, all renew."""
    daemons.start("s6", {"film": FILM})
    daemons.run(10.0)
    pass_days(daemons, 5, 6.5)
    first = shown(daemons)
    daemons.crash(REGISTRY)
    pass_days(daemons, 5, 5, 5, 5, 5)
    assert isinstance(daemons.get("s2", "film").state, Saved)
    daemons.crash("s3")
    daemons.start("s3")
    daemons.run(30.0)
    invariants.hold(daemons, invariants.one_component)
    assert shown(daemons) == first
    assert any("certificate ends in" in each for each in daemons.said)
    daemons.start_registry()
    daemons.passed += 0.1 * DAY
    daemons.run(130.0)
    assert not shown(daemons).items() & first.items()
    invariants.hold(daemons, *invariants.SETTLED)


@pytest.mark.slow
def test_month_of_fifty(p2p_network: Callable[..., PrivateDaemons]) -> None:
    """Fifty peers renew their certificates and keys, and lose no link by that."""
    daemons = p2p_network(50, private=True)
    first = shown(daemons)
    lost: list[object] = []
    for peer in daemons.peers.values():
        peer.watch_sights(lost.append)
    # All renew on the twelfth day, and once more on the twenty-fourth.
    pass_days(daemons, 9, 2.5, 12, 6)
    assert not shown(daemons).items() & first.items()
    assert not [each for each in lost if isinstance(each, LinkEnded) and each.has_died]
    # Links end with the certificates that were shown on them; others are made.
    pass_days(daemons, 4)
    daemons.run(60.0)
    invariants.hold(daemons, *invariants.SETTLED)


def test_restored_from_a_backup(daemons: PrivateDaemons, tmp_path: Path) -> None:
    """No peer is lost, revocations hold, and what was invited before is void."""
    daemons._secret("dora")
    daemons.crash(REGISTRY)
    shutil.copytree(daemons.folder / KEYS, tmp_path / KEYS)
    daemons.start_registry()
    daemons.start("s6")
    revoke(daemons, "s4")
    daemons.run(40.0)
    daemons.cast_out("s4")
    daemons.crash(REGISTRY)
    shutil.rmtree(daemons.folder / KEYS)
    shutil.copytree(tmp_path / KEYS, daemons.folder / KEYS)
    with capturedLogs() as logs:
        daemons.start_registry()
        daemons.run(60.0)
    [warning] = [each for each in map(formatEvent, logs) if each and "restored from a" in each]
    assert warning.startswith("s6 shows a certificate that is not recorded here")
    assert daemons._authority.invites.all() == ()
    assert registered(daemons) == ["s1", "s2", "s3", "s5", "s6"]
    assert len(digests(daemons)) == 1
    assert daemons._authority.revocations.texts()
    with pytest.raises(NotLetIn, match="the name s6 is taken"):
        daemons.come_in("s6")
    invariants.hold(daemons, *invariants.SETTLED)
    daemons.crash("s4")
    daemons.come_in("s4")
    daemons.start("s4")
    daemons.run(10.0)
    invariants.hold(daemons, *invariants.SETTLED)
