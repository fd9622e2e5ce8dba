"""
Downloads once more in a private network, where all connections are encrypted.

These are the tests of how bytes are asked for, sent, held back and broken off.
"""

import pytest
from twisted.internet.protocol import Factory

from tests.download import (
    test_canceled,
    test_downloads,
    test_fetching,
    test_partial,
    test_pausing,
    test_relays,
    test_resuming,
    test_small_swarm,
    test_swarm,
    test_swarming,
)
from tests.download.cases import DownloadCase
from tests.download.wires import Stranger
from tests.trust.private_network import PrivateNetwork

pytestmark = pytest.mark.slow


class PrivateCase(DownloadCase):
    """Makes worlds of one private network."""

    private = PrivateNetwork()


class DownloadTests(PrivateCase, test_downloads.DownloadTests):
    """Whole downloads."""


class FetchTests(PrivateCase, test_fetching.FetchTests):
    """Downloads that the requester fetches, as it cannot be dialed."""

    def test_overheard(self) -> None:
        """A ticket is good for whom it was granted to, and for no other member."""
        world, holder, want = self.asked()
        for _ in range(3):
            self.assertTrue(self.fetch(world, holder, want.ticket, "eve").is_lost)
        self.assertFalse(self.fetch(world, holder, want.ticket, want.name).is_lost)


class RelayedTests(PrivateCase, test_relays.RelayedTests):
    """Downloads through relays."""


class HostileRelaysTests(PrivateCase, test_relays.HostileRelaysTests):
    """Downloads through relays that drop, hold back, or change what they copy."""


class PauseTests(PrivateCase, test_pausing.PauseTests):
    """Downloads that rest."""


class ResumeTests(PrivateCase, test_resuming.ResumeTests):
    """Downloads that go on in a later run."""


class GatheringTests(PrivateCase, test_swarm.GatheringTests):
    """Downloads from several holders."""


class HonestTests(PrivateCase, test_small_swarm.HonestTests):
    """Folders of small files, from several holders."""


class HoldersTests(PrivateCase, test_swarming.HoldersTests):
    """Several holders of one file."""


class AnnouncingHolderTests(PrivateCase, test_swarming.AnnouncingHolderTests):
    """Holders that say which chunks they have."""


class PartialTests(PrivateCase, test_partial.PartialTests):
    """Files that are served while they are still being downloaded."""


class CanceledTests(PrivateCase, test_canceled.CanceledTests):
    """Transfers on sockets that end at any moment."""

    many = 200


class StepByStepTests(PrivateCase, test_canceled.StepByStepTests):
    """Downloads that are given up after so many steps."""


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
