"""
What peers do in an open network, once more in a private one, where all of it is encrypted.

These are the tests of what goes over connections of their own: joining, links, questions, pushes
and fetches, and how each of them ends.
"""

import pytest
from typing_extensions import override

from p2p_twisted.peer.private_member import load_member
from p2p_twisted.peer.settings import STATE_DIRECTORY
from p2p_twisted.testing.daemons import REGISTRY, VirtualDaemons
from p2p_twisted.testing.network import VirtualNetwork
from p2p_twisted.testing.private_daemons import PrivateDaemons
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.tls import TlsSecurity
from p2p_twisted.wire.names import PeerName
from tests.peer import (
    test_changed_meanwhile,
    test_endings,
    test_firewalls,
    test_getting,
    test_nat,
    test_peer,
    test_search,
    test_swarm,
    test_unshared,
)
from tests.peer.cases import PeerTestCase

pytestmark = pytest.mark.slow


class PrivateCase(PeerTestCase):
    """Starts private networks, and sees that nothing in them was in the clear."""

    kind: type[VirtualDaemons] = PrivateDaemons

    @override
    def on(self, network: VirtualNetwork) -> VirtualDaemons:
        daemons = super().on(network)
        assert isinstance(daemons, PrivateDaemons)
        # So that each of them may stop the others.
        daemons.admins = tuple(f"s{number}" for number in range(1, 21))
        self.addCleanup(lambda: self.assertEqual(daemons.tap.clear, []))
        return daemons

    @override
    def without_registry(self, *members: PeerName) -> VirtualDaemons:
        daemons = self.daemons()
        assert isinstance(daemons, PrivateDaemons)
        for member in members:
            daemons.come_in(member)
        daemons.crash(REGISTRY)
        return daemons

    @override
    def security_of(self, daemons: VirtualDaemons, name: PeerName) -> TlsSecurity | None:
        assert isinstance(daemons, PrivateDaemons)
        daemons.come_in(name)
        member = load_member(daemons.folder / name / STATE_DIRECTORY)
        assert member is not None
        nobody, reactor = RevocationList(member.network), daemons.network.process(name)
        return TlsSecurity(member.credentials, nobody, reactor, date=daemons.wall)


class JoiningTests(PrivateCase, test_peer.JoiningTests):
    """Joining, and the links that follow."""


class EndTests(PrivateCase, test_peer.EndTests):
    """Leaving."""


class SearchTests(PrivateCase, test_search.SearchTests):
    """Questions and their answers."""


class DownloadTests(PrivateCase, test_getting.DownloadTests):
    """Downloads."""


class LimitTests(PrivateCase, test_getting.LimitTests):
    """Downloads that are held back."""


class SwarmTests(PrivateCase, test_swarm.SwarmTests):
    """Downloads from several holders."""


class FirewallTests(PrivateCase, test_firewalls.FirewallTests):
    """Downloads where only one side can be dialed."""


class EndingTests(PrivateCase, test_endings.EndingTests):
    """Downloads that come to nothing."""


class NatTests(PrivateCase, test_nat.NatTests):
    """Peers behind NAT, which dial holders as clients of TLS."""


class WhileFetchedTests(PrivateCase, test_changed_meanwhile.WhileFetchedTests):
    """Files that change while they are sent."""


class UnsharedTests(PrivateCase, test_unshared.UnsharedTests):
    """Files that are shared no more."""
