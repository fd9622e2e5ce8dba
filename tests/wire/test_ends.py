"""What tests on sockets leave behind."""

import os

from twisted.internet.epollreactor import EPollReactor

from tests.wire.ends import dismantle


def test_dismantled() -> None:
    """A reactor that was dismantled has nothing open."""
    before = os.listdir("/proc/self/fd")
    reactor = EPollReactor()
    reactor.iterate(0)
    assert len(os.listdir("/proc/self/fd")) > len(before)
    dismantle(reactor)
    assert os.listdir("/proc/self/fd") == before
