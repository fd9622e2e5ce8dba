"""
A plugin of pytest: the fixtures ``p2p_network`` and ``p2p_critical``.

It is loaded in every run of pytest where p2p_twisted is installed: so it
imports nothing of it until a test asks for a fixture.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from twisted.logger import LogEvent

    from p2p_twisted.testing.daemons import VirtualDaemons
    from p2p_twisted.testing.network import VirtualNetwork

_SETTLING_SECONDS = 10.0


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for the seed of networks for which the test names none."""
    parser.addoption(
        "--p2p-seed", type=int, default=1, help="seed of p2p_network's networks; default: 1"
    )


@pytest.fixture
def p2p_network(
    request: pytest.FixtureRequest, tmp_path: Path
) -> "Iterator[Callable[..., VirtualDaemons]]":
    """
    Make networks of real peers, and a registry, in virtual time.

    ``p2p_network(peers=50, latency=0.02, bandwidth=None, seed=7)`` starts peers
    ``s1`` to ``s50``, and returns once they have found together. Latency is in
    seconds, one way; bandwidth in bytes per second. With ``private=True`` they are the
    members of a private network, and ``s1`` is its admin; with ``registries=3`` the registries
    are three, and so are the members of their etcd. With ``nat=("s2",)`` each process has a
    machine of its own, and that of ``s2`` is behind NAT.
    """
    made: list[VirtualDaemons] = []

    def make(
        peers: int = 5,
        *,
        latency: float = 0.02,
        bandwidth: float | None = None,
        seed: int | None = None,
        private: bool = False,
        registries: int = 1,
        nat: Collection[str] = (),
    ) -> "VirtualDaemons":
        from p2p_twisted.testing.hosts import Machines, one_machine
        from p2p_twisted.testing.network import VirtualNetwork
        from p2p_twisted.testing.paths import Path as Way
        from p2p_twisted.testing.paths import Paths

        if seed is None:
            seed = request.config.getoption("--p2p-seed")
        # Shown with a test that fails.
        print(f"again: pytest '{request.node.nodeid}' --p2p-seed {seed}")  # noqa: T201
        host_of = Machines(nat) if nat else one_machine
        network = VirtualNetwork(seed, Paths(Way(latency, bandwidth)), host_of=host_of)
        daemons = _daemons(tmp_path / f"p2p-{len(made)}", network, private, registries)
        made.append(daemons)
        for name in daemons.registry_names:
            daemons.start_registry(name)
        daemons.start_many(peers)
        daemons.run(_SETTLING_SECONDS)
        return daemons

    yield make
    for daemons in made:
        daemons.close()


def _daemons(
    folder: Path, network: "VirtualNetwork", private: bool, registries: int
) -> "VirtualDaemons":
    from p2p_twisted.testing.daemons import VirtualDaemons
    from p2p_twisted.testing.private_daemons import PrivateDaemons
    from p2p_twisted.testing.several_daemons import SeveralDaemons

    if private and registries > 1:
        raise ValueError("a private network has one registry here")
    if registries > 1:
        return SeveralDaemons(folder, network, registries=registries)
    return (PrivateDaemons if private else VirtualDaemons)(folder, network)


@contextmanager
def nothing_critical() -> "Iterator[list[LogEvent]]":
    """
    Fail a test in which something critical is logged meanwhile.

    Gives the list of such events: what is removed from it was expected.
    """
    from twisted.logger import ILogObserver, LogLevel, eventAsText, globalLogPublisher
    from zope.interface import provider

    events: list[LogEvent] = []

    @provider(ILogObserver)
    def observe(event: "LogEvent") -> None:
        if event.get("log_level") is LogLevel.critical or "log_failure" in event:
            events.append(event)

    globalLogPublisher.addObserver(observe)
    try:
        yield events
    finally:
        globalLogPublisher.removeObserver(observe)
    if events:
        told = "\n".join(eventAsText(event, includeTimestamp=False) for event in events)
        pytest.fail(f"critical, in the log:\n{told}", pytrace=False)


@pytest.fixture
def p2p_critical() -> "Iterator[list[LogEvent]]":
    """
    Fail a test in which something critical is logged.

    The fixture is the list of such events: a test removes those that it expects.
    """
    with nothing_critical() as events:
        yield events
