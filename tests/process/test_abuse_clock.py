"""Somebody sets the clock of the machine while daemons run."""

import os
import time
import unittest
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.abused import Network
from tests.process.stranger import Neighbor

_LIBRARY = "libfaketime.so.1"
_PLACES = ("/usr/lib", "/usr/local/lib", "/usr/lib64")


def faketime() -> Path:
    """
    Find libfaketime, which lets a process see another time of day.

    :raises SkipTest: where there is none; ``FAKETIME_LIBRARY`` may name it.
    """
    named = os.environ.get("FAKETIME_LIBRARY")
    if named:
        return Path(named)
    for place in _PLACES:
        for path in Path(place).rglob(_LIBRARY):
            return path
    raise unittest.SkipTest("this needs libfaketime: apt install libfaketime")


@pytest.mark.slow
class ClockTests(SynchronousTestCase):
    """The clock of s1 jumps; that of the others does not."""

    def test_jumps(self) -> None:
        """No link ends, no timer fires early or late, and downloads go on."""
        library = faketime()
        folder = Path(self.mktemp())
        folder.mkdir(parents=True)
        shown = folder.absolute() / "time"
        shown.write_text("+0")
        environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(shown),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        network = Network("s1", "s2", environments={"s1": environment})
        self.addCleanup(network.end)
        with Neighbor(network.port("s1"), "watch") as watch:
            for jump in ("+2h", "-2h", "+365d", "-1d", "+0"):
                shown.write_text(jump)
                network.exchange("s1", "s2")
                # For its log, which shows that the clock has jumped.
                Neighbor(network.port("s1"), "guest").close()
                heard = len(watch.heard)
                network.type("s1", "TOPO", "3 peers")
                # Later than a ping is due: nothing waits for the old time of day.
                time.sleep(5.5)
                self.assertGreater(len(watch.heard), heard)
            self.assertTrue(watch.is_linked)
        log = network.daemons["s1"].log
        self.assertEqual(log.count("linked with s2"), 1)
        self.assertNotRegex(log, r"s2@\S+ died")
        dates = {line[:10] for line in log.splitlines() if "linked with guest" in line}
        self.assertGreaterEqual(len(dates), 3)
        self.assertEqual(network.complaints(), [])
