from random import Random

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.simulation.graph import Graph, components, distances, graph_of, shape_of
from p2p_twisted.simulation.simulated_network import SimulatedNetwork


def a_graph(*links: str, alone: str = "") -> Graph:
    """Make a graph of links like ``ab`` between peers of one letter."""
    edges = tuple((link[0], link[1]) for link in links)
    names = dict.fromkeys([*"".join(links), *alone], 0)
    return Graph(names, edges, frozenset(edges))


class GraphTests(SynchronousTestCase):
    def test_distances(self) -> None:
        """The hops to everybody within reach, oneself included."""
        neighbors = a_graph("ab", "bc", "ac", "cd", "xy").neighbors()
        self.assertEqual(distances(neighbors, "a"), {"a": 0, "b": 1, "c": 1, "d": 2})

    def test_components(self) -> None:
        """Everybody is in exactly one part."""
        parts = components(a_graph("ab", "bc", "xy", alone="z").neighbors())
        self.assertEqual([sorted(part) for part in parts], [["a", "b", "c"], ["x", "y"], ["z"]])

    def test_shape(self) -> None:
        """The figures of a path of three and one peer beside it."""
        shape = shape_of(a_graph("ab", "bc", alone="z"), Random(1))
        self.assertEqual((shape.peers, shape.links, shape.tree_links), (4, 2, 2))
        self.assertEqual((shape.components, shape.largest), (2, 3))
        self.assertEqual((shape.degree_least, shape.degree_mean, shape.degree_most), (0, 1.0, 2))
        self.assertEqual((shape.share_of_five, shape.path), (0.0, 8 / 6))

    def test_nobody_is_linked(self) -> None:
        """Without links there are no paths."""
        self.assertIsNone(shape_of(a_graph(alone="ab"), Random(1)).path)

    def test_network(self) -> None:
        """The links of a network are those that both ends have, among those who run."""
        network = SimulatedNetwork(3)
        network.add_many(12)
        network.run(10.0)
        graph = graph_of(network)
        ends = [(one, other) for one, others in graph.neighbors().items() for other in others]
        self.assertEqual({(p.name, name) for p in network.alive for name in p.neighbors}, set(ends))
        network.die_silently(network.peers["p3"])
        network.part(lambda peer: int(peer.name in ("p1", "p2")))
        neighbors = graph_of(network).neighbors()
        self.assertNotIn("p3", neighbors)
        self.assertLessEqual({*neighbors["p1"], *neighbors["p2"]}, {"p1", "p2"})
