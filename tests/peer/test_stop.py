"""To stop the whole network, whatever has happened to it."""

from random import Random

from p2p_twisted.peer.shutdown import STOP
from p2p_twisted.peer.stop_rule import StopRule
from p2p_twisted.peer_errors import NotAllowed
from p2p_twisted.testing.introspection import driver_of
from p2p_twisted.wire.messages import Gossip
from tests.peer.cases import PeerTestCase


class StopTests(PeerTestCase):
    def test_among_the_dead(self) -> None:
        """Where almost every third peer has just died in silence, nobody else is left behind."""
        daemons = self.daemons()
        daemons.start_many(40)
        daemons.run(10.0)
        survivors = Random(1).sample(list(daemons.peers), 28)
        for name in sorted({*daemons.peers}.difference(survivors)):
            daemons.vanish(name)
        first, *others = survivors
        told = daemons.peers[first].stop_network()
        for _ in range(50):
            daemons.run(0.1)
            for name in sorted(daemons.peers.keys() & others):
                if daemons.network.processes[name].has_stopped:
                    daemons.stop(name)
        self.successResultOf(told)
        self.assertEqual(list(daemons.peers), [first])

    def test_stale(self) -> None:
        """A word that has expired, or was for an earlier run, stops nobody."""
        daemons = self.daemons()
        daemons.start_many(4)
        daemons.run(10.0)
        driver = driver_of(daemons.peers["s1"])
        assert driver is not None
        for age, life in ((6.0, 5.0), (30.0, 60.0)):
            driver.publish(Gossip(driver.new_id(), STOP, "s1", age, life, urgent=True))
        daemons.run(10.0)
        self.assertFalse(any(p.has_stopped for p in daemons.network.processes.values()))
        driver.publish(Gossip(driver.new_id(), STOP, "s1", 0.0, 60.0, urgent=True))
        daemons.run(10.0)
        self.assertEqual(sum(p.has_stopped for p in daemons.network.processes.values()), 3)

    def test_rules(self) -> None:
        """Each peer decides for itself whose word ends it; one that obeys none says none."""
        daemons = self.daemons()
        rules = (None, StopRule.ANYONE, StopRule.NEVER, None)
        for number, rule in enumerate(rules, 1):
            daemons.start(f"s{number}", stop=rule)
        daemons.run(10.0)
        with self.assertRaisesRegex(NotAllowed, "--stop never; leave stops this peer"):
            daemons.result(daemons.peers["s3"].stop_network())
        with self.assertRaisesRegex(NotAllowed, "--stop never"):
            daemons.peers["s3"].check_may_stop()
        daemons.peers["s1"].check_may_stop()
        daemons.result(daemons.peers["s1"].stop_network(), within=3.0)
        daemons.run(1.0)
        stopped = [name for name, each in daemons.network.processes.items() if each.has_stopped]
        self.assertEqual(sorted(stopped), ["s2", "s4"])
