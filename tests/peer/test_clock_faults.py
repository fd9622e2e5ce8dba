"""Members that a wrong clock keeps apart: what is said of it, and which clock is to be set."""

from collections.abc import Callable

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from p2p_twisted.download.progress import State, Waiting
from p2p_twisted.peer.clock_faults import ClockFaults
from p2p_twisted.peer_errors import PeerError
from p2p_twisted.testing.private_daemons import PrivateDaemons
from p2p_twisted.trust.misdated import Misdated
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.tls import TlsSecurity
from tests.trust.private_network import DAY, PrivateNetwork

# 2026-12-01 08:00 UTC.
NOW = 1_796_112_000.0
NETWORK = PrivateNetwork(now=NOW - 100 * DAY)
_AGREES = ", as the registry's does: ben is to set its own"


class Faults:
    """What anna knows: in her network, ben is met whose certificate or clock is wrong."""

    def __init__(self, issued: float = NOW - DAY) -> None:
        self.clock = Clock()
        self.said: list[str] = []
        self.date = NOW
        anna = NETWORK.let_in("anna", now=issued)
        date = lambda: self.date  # noqa: E731
        self.security = TlsSecurity(anna, RevocationList("default"), self.clock, date=date)
        self.faults = ClockFaults(self.security, self.clock, date, self.said.append)

    def refuse(self, days: float) -> None:
        """Refuse the certificate of ben, which was issued so many days ago."""
        ben = NETWORK.let_in("ben", now=NOW - days * DAY).certificate
        self.security.misdated.tell(Misdated("ben", days > 0, ben))


@pytest.mark.parametrize(
    ("ahead", "days", "says"),
    [
        (None, 40, "set it if it is wrong; otherwise ben is to set its own, and to come in again"),
        (0.0, 40, f"08:00 UTC{_AGREES}, and to come in again by a new invite"),
        (10 * DAY, 40, "08:00 UTC, 240:00:00 ahead of the registry's: set it"),
        (-3_600.0, -1, "08:00 UTC, 1:00:00 behind the registry's: set it"),
        # It would be wrong in the other way.
        (3_600.0, -1, "set it if it is wrong; otherwise ben is to set its own"),
    ],
)
def test_of_another(ahead: float | None, days: float, says: str) -> None:
    """A certificate that is not good here: by the registry's clock it shows why."""
    anna = Faults()
    if ahead is not None:
        anna.faults.registry_told(NOW - ahead)
    anna.refuse(days)
    [said] = anna.said
    assert said.startswith(f"ben's certificate {'ended' if days > 0 else 'begins'} at 2026-1")
    assert "and this machine's clock says 2026-12-01 08:00 UTC" in said
    assert says in said
    assert anna.faults.of("ben") == anna.faults.latest() == said


@pytest.mark.parametrize(
    ("ahead", "says"),
    [
        (None, "08:00 UTC: set the one of the two that is wrong"),
        (0.0, f"08:00 UTC{_AGREES}"),
        (-DAY, "08:00 UTC, 24:00:00 behind the registry's: set it"),
    ],
)
def test_of_ours(ahead: float | None, says: str) -> None:
    """Another member that takes this peer's certificate for ended is told of, with both clocks."""
    anna = Faults()
    if ahead is not None:
        anna.faults.registry_told(NOW - ahead)
    anna.security.misdated.tell(Misdated("ben", has_ended=True))
    [said] = anna.said
    assert said.startswith("by the clock of ben, this peer's certificate has ended, and this mach")
    assert said.endswith(says)


def test_jump() -> None:
    """A clock that was set wrong since the registry was asked is the one that is wrong."""
    anna = Faults()
    anna.faults.registry_told(NOW)
    anna.date += 20 * DAY
    anna.refuse(20)
    assert anna.said[0].endswith("08:00 UTC, 480:00:00 ahead of the registry's: set it")


def test_own() -> None:
    """Where this peer's own is not good by its own clock, that is all that is said."""
    anna = Faults(issued=NOW + DAY)
    anna.refuse(-1)
    [said] = anna.said
    assert said.startswith("this peer's certificate begins at 2026-12-02")
    assert said.endswith(": set it")
    # Nobody can be talked with, whoever it is.
    assert anna.faults.of("carla") == said


def test_network() -> None:
    """A clock that is behind the network's beginning is told of, though nobody has a name then."""
    anna = Faults()
    root = NETWORK.let_in("ben", now=NOW).certificates[-1]
    anna.date = NOW - 200 * DAY
    anna.security.misdated.tell(Misdated(None, has_ended=False, shown=root))
    [said] = anna.said
    assert said.startswith("this peer's certificate begins at 2026-11-30")


def test_said_once() -> None:
    """It is said once while it lasts, whoever it is; and once more when it comes back."""
    anna = Faults()
    for _ in range(30):
        anna.refuse(40)
        anna.clock.advance(60.0)
    assert len(anna.said) == 1
    anna.clock.advance(600.0)
    assert anna.faults.of("ben") is None
    assert anna.faults.latest() is None
    anna.refuse(40)
    assert len(anna.said) == 2


def test_set() -> None:
    """Once the clock is set, nothing is wrong."""
    anna = Faults()
    anna.refuse(-1)
    assert anna.faults.latest()
    anna.date += 2 * DAY
    assert anna.faults.latest() is None


@pytest.fixture
def daemons(p2p_network: Callable[..., PrivateDaemons]) -> PrivateDaemons:
    """Return s1 to s3, who are in the network for two days, and s4, who has just come in."""
    daemons = p2p_network(3, private=True)
    daemons.passed += 2 * DAY
    daemons.run(10.0)
    daemons.start("s4", {"film": bytes(range(256)) * 8_192})
    daemons.run(5.0)
    return daemons


def test_waiting(daemons: PrivateDaemons) -> None:
    """A download whose holder cannot be talked with says so, as do the peer and the holder."""
    daemons.ahead["s2"] = -DAY
    daemons.run(130.0)
    seen: list[State] = []
    got = daemons.peers["s2"].get("film", lambda progress: seen.append(progress.state))
    got.addErrback(lambda failure: failure.value)
    daemons.run(150.0)
    waiting = seen[-1]
    assert isinstance(waiting, Waiting)
    [(holder, why)] = waiting.misdated
    assert holder == "s4"
    assert why.startswith("s4's certificate begins at 21")
    assert why[:20] in (daemons.peers["s2"].status().clock_fault or "")
    assert sum("s4's certificate begins" in each for each in daemons.said) == 1
    assert sum("by the clock of s2" in each for each in daemons.said) == 1
    del daemons.ahead["s2"]
    daemons.run(60.0)
    assert daemons.download("s2", "film")


def test_alone(daemons: PrivateDaemons) -> None:
    """A member that can talk with nobody says why nobody is there."""
    daemons.ahead["s2"] = 40 * DAY
    daemons.run(130.0)
    found = Deferred.fromCoroutine(_find(daemons))
    assert "this peer's certificate ended at" in daemons.result(found)


async def _find(daemons: PrivateDaemons) -> str:
    try:
        return (await daemons.peers["s2"].find("film")).alone
    except PeerError as error:
        return str(error)
