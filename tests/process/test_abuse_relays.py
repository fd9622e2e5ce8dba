"""Relays that are abused: their bounds hold, and honest peers are relayed meanwhile."""

import json
import sys
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.relay.limits import MEET_WITHIN_SECONDS, RELAY_PLACES_PER_PEER
from p2p_twisted.wire.limits import MIB
from tests.process.abused import memory_of
from tests.process.contents import random_content
from tests.process.daemons import scratch_folder
from tests.process.machines import Lan

_CONTENT = 3, 30 * MIB
_TIMES = 1_000
_HELD_SECONDS = 20
_GROWN_BYTES = 30 * MIB
_SAVED_SECONDS = 60.0


@pytest.mark.slow
class AbusedRelayTests(SynchronousTestCase):
    """Ben and cleo are closed, and anna relays for neighbors, of which mallory is one."""

    def test_abused(self) -> None:
        """A thousand requests, guesses, and pairs that never read: cleo gets what ben has."""
        directory = scratch_folder(self)
        lan = Lan(self, directory)
        registry = lan.machine("registry", "10.77.0.10")
        registry.start_registry()
        hosts = {"anna": "10.77.0.23", "ben": "10.77.0.24", "cleo": "10.77.0.25"}
        machines = {name: lan.machine(name, host) for name, host in hosts.items()}
        mallory = lan.machine("mallory", "10.77.0.66")
        (directory / "ben").mkdir()
        (directory / "ben" / "zwei.zip").write_bytes(random_content(*_CONTENT))
        for name in ("ben", "cleo"):
            machines[name].close_ports()
        peers = {name: each.start_peer(name, registry) for name, each in machines.items()}
        peers["cleo"].wait_for_topology("anna", "ben", "cleo")
        peers["ben"].wait_until_shared(1)
        before = memory_of(peers["anna"].pid)
        abuse = [sys.executable, "-m", "tests.process.relay_abuser", hosts["anna"], "9000"]
        of_tests = {"PYTHONPATH": str(Path(__file__).parents[2])}
        times = str(_TIMES), str(_HELD_SECONDS)
        abuser = mallory.start_program(*abuse, *times, environment=of_tests)
        abuser.wait_for_log('{"strangers"', 120.0)
        told = json.loads(abuser.log[abuser.log.index("{") :].splitlines()[0])
        self.assertEqual((told["strangers"], told["guessed"]), (0, 0))
        # As many at a time, until nobody has come to the last ones.
        turns = 1 + told["seconds"] // MEET_WITHIN_SECONDS
        self.assertIn(told["placed"], range(1, int(RELAY_PLACES_PER_PEER * turns) + 1))
        peers["cleo"].type("get zwei.zip")
        peers["cleo"].wait_for_log("saved zwei.zip to", _SAVED_SECONDS)
        self.assertIn("(through anna)", peers["cleo"].answer("transfers", "saved zwei"))
        saved = directory / "cleo" / "Downloads" / "zwei.zip"
        self.assertEqual(saved.read_bytes(), random_content(*_CONTENT))
        self.assertLess(memory_of(peers["anna"].pid) - before, _GROWN_BYTES)
