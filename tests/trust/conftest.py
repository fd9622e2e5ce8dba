"""What the tests of TLS start with."""

from collections.abc import Iterator

import pytest
from twisted.internet.epollreactor import EPollReactor

from tests.trust.pair import Pair
from tests.wire.ends import dismantle


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Return two ends that are not connected yet."""
    reactor = EPollReactor()
    made = Pair(reactor)
    yield made
    for notes in (made.listener, made.dialer):
        notes.connection.abort()
    for _ in range(5):
        reactor.iterate(0)
    dismantle(reactor)
