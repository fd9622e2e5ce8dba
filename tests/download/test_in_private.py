"""All tests of downloads once more in a private network, where all connections are encrypted."""

import pytest
from twisted.internet.protocol import Factory

from tests.download import test_canceled
from tests.download.cases import DownloadCase
from tests.download.wires import Stranger
from tests.in_private import in_private
from tests.trust.private_network import PrivateNetwork

pytestmark = pytest.mark.slow


class PrivateCase(DownloadCase):
    """Makes worlds of one private network."""

    private = PrivateNetwork()


globals().update(in_private(PrivateCase, test_canceled.CanceledTests))


class CanceledTests(PrivateCase, test_canceled.CanceledTests):
    """Transfers on sockets that end at any moment."""

    many = 200


class InTheClearTests(PrivateCase):
    """Whoever does not encrypt."""

    def test_says_nothing(self) -> None:
        """It is cut off without a byte."""
        world, stranger = self.world(), Stranger()
        world.wires.connectTCP("127.0.0.1", 9000, Factory.forProtocol(lambda: stranger))
        stranger.say(b"PUSH")
        world.wires.settle()
        self.assertTrue(stranger.is_lost)
        self.assertEqual(stranger.received, b"")
