"""All tests of peers once more in a private network, where all connections are encrypted."""

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
from tests.in_private import in_private
from tests.peer import test_state, test_stop
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


globals().update(in_private(PrivateCase, test_state.StateTests, test_stop.StopTests))


class StateTests(PrivateCase, test_state.StateTests):
    """A peer's own files."""

    # Whoever cannot write them cannot come in, either.
    test_prepared = None  # type: ignore[assignment]


class StopTests(PrivateCase, test_stop.StopTests):
    """A word that ends all peers."""

    # Nobody believes it there without a signature: test_network_statements.py.
    test_stale = None  # type: ignore[assignment]
