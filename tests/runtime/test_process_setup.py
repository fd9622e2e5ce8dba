"""What a daemon sets once in its process."""

import gc
import subprocess
import sys
import time
from unittest import mock

from twisted.internet.error import ReactorNotRunning
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.process_setup import (
    collect_seldom,
    freeze_objects,
    stop_at_most_once,
    use_monotonic_clock,
)

_LOOKS_UP = """
import socket
import time

def look_up(*arguments, **options):
    reactor.callFromThread(reactor.stop)
    time.sleep(60)

# Before Twisted takes it from there.
socket.getaddrinfo = look_up

from twisted.internet import reactor
from twisted.internet.protocol import ClientFactory
from p2p_twisted.runtime.process_setup import end_without_lookups

end_without_lookups(reactor)
reactor.callWhenRunning(reactor.connectTCP, "registry.example", 9011, ClientFactory())
reactor.run()
"""


class ProcessTests(SynchronousTestCase):
    """What is set once per process."""

    def test_monotonic_clock(self) -> None:
        """Timers are not moved by whoever sets the clock."""
        reactor = mock.Mock()
        use_monotonic_clock(reactor)
        self.assertIs(reactor.seconds, time.monotonic)

    def test_stopped_twice(self) -> None:
        """Who stops a daemon that already stops is no error."""
        reactor = mock.Mock()
        stop = reactor.stop
        stop.side_effect = [None, ReactorNotRunning()]
        stop_at_most_once(reactor)
        reactor.stop()
        reactor.stop()
        self.assertEqual(stop.call_count, 2)

    def test_ends_without_lookups(self) -> None:
        """A process ends at once, however long a name is being looked up."""
        ended = subprocess.run([sys.executable, "-c", _LOOKS_UP], timeout=20, check=True)
        self.assertEqual(ended.returncode, 0)

    def test_freezes_objects(self) -> None:
        """The garbage collector looks at nothing that was there before the daemon ran."""
        freeze_objects()
        self.assertGreater(gc.get_freeze_count(), 10_000)
        self.assertLess(len(gc.get_objects()), 1_000)

    def test_collects_seldom(self) -> None:
        """Where much is new and brief, the collector waits until there is more of it."""
        self.addCleanup(gc.set_threshold, *gc.get_threshold())
        collect_seldom()
        self.assertGreater(gc.get_threshold()[0], 2_000)
