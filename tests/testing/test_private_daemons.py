"""Private networks in virtual time: everything is encrypted, and months pass in seconds."""

from collections.abc import Callable
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import Saved
from p2p_twisted.testing import invariants
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.testing.private_daemons import PrivateDaemons
from p2p_twisted.testing.tls_records import RecordReader, WireTap

_DAY = 86_400.0
_FILM = bytes(range(256)) * 8_192


@pytest.fixture
def daemons(p2p_network: Callable[..., PrivateDaemons]) -> PrivateDaemons:
    """Return five peers in one private network, ``s1`` an admin among them."""
    return p2p_network(private=True)


def test_encrypted(daemons: PrivateDaemons) -> None:
    """Peers do all that they do in an open network, and nothing of it is in the clear."""
    daemons.start("s6", {"film": _FILM})
    daemons.run(5.0)
    assert isinstance(daemons.get("s2", "film").state, Saved)
    assert daemons.download("s2", "film") == _FILM
    invariants.hold(daemons, *invariants.SETTLED)
    assert daemons.tap.clear == []


def test_heard_in_the_clear(tmp_path: Path) -> None:
    """In an open network the same tap hears lines."""
    daemons = VirtualDaemons(tmp_path / "peers")
    tap = daemons.network.tap = WireTap()
    daemons.start_registry()
    daemons.start("s1")
    daemons.run(1.0)
    daemons.close()
    assert "in the clear from registry to s1" in tap.clear[0]


def test_revoked(daemons: PrivateDaemons) -> None:
    """A revoked peer loses all links in two seconds and gets no other, until invited again."""
    daemons.result(Deferred.fromCoroutine(daemons.peers["s1"].admin.revoke("s4")))
    daemons.run(2.0)
    outcast = daemons.cast_out("s4")
    assert outcast.status().neighbors == ()
    daemons.run(60.0)
    assert outcast.status().neighbors == ()
    assert not outcast.status().registered
    certificate = outcast.status().certificate
    assert certificate is not None
    assert "s4 was revoked: ask for a new invite" in (certificate.renewal_fault or "")
    found = outcast.find("film")
    found.addErrback(lambda failure: failure.value)
    assert "not in the network any more: the certificate of s4" in str(daemons.result(found))
    invariants.hold(daemons, *invariants.SETTLED)
    daemons.crash("s4")
    daemons.come_in("s4")
    daemons.start("s4")
    daemons.run(10.0)
    invariants.hold(daemons, *invariants.SETTLED)


def test_expired(daemons: PrivateDaemons) -> None:
    """A peer that was away for longer than its certificate is good is not let in any more."""
    daemons.crash("s5")
    for _ in range(4):
        daemons.passed += 8 * _DAY
        daemons.run(130.0)
    daemons.start("s5")
    daemons.run(60.0)
    outcast = daemons.cast_out("s5")
    assert outcast.status().neighbors == ()
    assert not outcast.status().registered
    invariants.hold(daemons, *invariants.SETTLED)


@pytest.mark.parametrize("piece", [1, 3, 7, 20_000])
def test_records(piece: int) -> None:
    """Records are told from other bytes, however they are cut."""
    hello, encrypted = b"\x16\x03\x01\x00\x02hi", b"\x17\x03\x03\x00\x05P2P 1"
    for stream, is_clear in (
        (hello + 3 * encrypted, False),
        (hello + b"\x15\x03\x03\x00\x02..", False),
        (b"P2P 1\n", True),
        (encrypted, True),
        (hello + encrypted + b"FILE\n", True),
        (hello + b"\x17\x03\x03\xff\xff", True),
        (3 * hello, True),
    ):
        reader = RecordReader("s1")
        for start in range(0, len(stream), piece):
            reader.feed(stream[start : start + piece])
        assert reader.is_clear is is_clear, stream
