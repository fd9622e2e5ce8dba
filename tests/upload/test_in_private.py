"""All tests of uploads once more in a private network, where all connections are encrypted."""

import pytest

from tests.in_private import in_private
from tests.trust.private_network import PrivateNetwork
from tests.upload.cases import HolderCase

pytestmark = pytest.mark.slow


class PrivateCase(HolderCase):
    """Makes holders of one private network."""

    private = PrivateNetwork()


globals().update(in_private(PrivateCase))
