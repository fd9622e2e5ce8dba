"""Some peers lie: the others stay together."""

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.simulated.liars import Liars


class LiarTests(SynchronousTestCase):
    def test_liars(self) -> None:
        """Where three of ten lie, the others stay together, and reach each other at once."""
        network = Liars(seed=1)
        network.add_many(100)
        network.run(30.0)
        honest = network.honest
        self.assertEqual(len(honest), 70)
        for sender in honest[::10]:
            id_ = network.publish(sender)
            network.run(5.0)
            self.assertEqual([p.name for p in honest if id_ not in p.delivered], [])
        self.assertEqual(len(network.component(honest[0])), 100)
        for peer in honest:
            self.assertFalse(all(network.lies(name) for name in peer.neighbors))
