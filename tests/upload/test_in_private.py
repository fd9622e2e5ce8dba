"""
Uploads once more in a private network, where all connections are encrypted.

These are the tests of whom a holder dials, what it sends, and how that is broken off.
"""

import pytest

from tests.trust.private_network import PrivateNetwork
from tests.upload import test_places, test_slow_opening, test_small_sender, test_uploads
from tests.upload.cases import HolderCase

pytestmark = pytest.mark.slow


class PrivateCase(HolderCase):
    """Makes holders of one private network."""

    private = PrivateNetwork()


class UploadsTests(PrivateCase, test_uploads.UploadsTests):
    """Which requesters a holder serves, and how."""


class StartTests(PrivateCase, test_uploads.StartTests):
    """A holder that has not looked at all its files."""


class PlaceTests(PrivateCase, test_places.PlaceTests):
    """Whom a holder gives its places to."""


class SlowOpeningTests(PrivateCase, test_slow_opening.SlowOpeningTests):
    """Files that cannot be opened at once."""


class WholesTests(PrivateCase, test_small_sender.WholesTests):
    """Many small files."""
