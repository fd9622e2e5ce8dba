"""Whole networks of peers, most of whom nobody can dial."""

from functools import partial

import pytest

from p2p_twisted.download.progress import Saved
from p2p_twisted.testing import invariants
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.testing.hosts import Machines
from p2p_twisted.testing.network import VirtualNetwork
from tests.peer.cases import SONG, PeerTestCase


class FewOpenTests(PeerTestCase):
    """The first peers can be dialed, all others are behind NATs of their own."""

    def started(self, opened: int, closed: int) -> VirtualDaemons:
        """Start them, one after the other; the last one has a song."""
        names = [f"s{number}" for number in range(1, opened + closed + 1)]
        daemons = self.on(VirtualNetwork(host_of=Machines(names[opened:])))
        daemons.start_registry()
        for name in names:
            daemons.start(name, {"song": SONG} if name == names[-1] else None)
            daemons.run(0.1)
        return daemons

    def is_whole(self, daemons: VirtualDaemons) -> bool:
        """Return whether all are in one network."""
        return not any(invariants.one_component(daemons))

    @pytest.mark.slow
    def test_two_of_42(self) -> None:
        """Two are enough for 40 others: soon all are in one network, and stay in it."""
        daemons = self.started(2, 40)
        in_time = daemons.network.clock.run_until(partial(self.is_whole, daemons), 30.0)
        self.assertTrue(in_time, list(invariants.one_component(daemons)))
        daemons.run(30.0)
        invariants.hold(daemons, *invariants.SETTLED)
        self.assertIsInstance(daemons.get("s3", "song", 30.0).state, Saved)
