"""What the tests of whole peers have in common: real daemons in virtual time."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.testing.network import VirtualNetwork

SONG = bytes(range(256)) * 20_000


class PeerTestCase(SynchronousTestCase):
    """Starts daemons, and sees to their end."""

    def daemons(self, seed: int = 1) -> VirtualDaemons:
        daemons = VirtualDaemons(Path(self.mktemp()).absolute(), VirtualNetwork(seed))
        self.addCleanup(daemons.close)
        daemons.start_registry()
        return daemons
