from collections import Counter
from typing import Any
from xml.etree import ElementTree

import attrs
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.cli.sim_layout import layout
from p2p_twisted.cli.sim_picture import picture
from p2p_twisted.cli.sim_sample import MOST_DRAWN, drawn_of
from p2p_twisted.simulation.graph import Graph
from p2p_twisted.simulation.scenario import Scenario
from p2p_twisted.simulation.simulation import Simulation, SimulationOutcome
from tests.hash_seeds import printed


def an_outcome(**scenario: Any) -> SimulationOutcome:
    """Run a short scenario."""
    simulation = Simulation(Scenario(**{"peers": 20, "duration": 60, **scenario}))
    for _ in simulation.run():
        pass
    return simulation.outcome


def marks(svg: str) -> Counter[str]:
    """Count what is drawn, by its class."""
    return Counter(element.get("class", "") for element in ElementTree.fromstring(svg).iter())


def a_ring(size: int) -> Graph:
    """Make a ring of peers, all but one of its links in the tree."""
    names = [f"p{number}" for number in range(size)]
    links = tuple(zip(names, [*names[1:], names[0]], strict=True))
    return Graph(dict.fromkeys(names, 0), links, frozenset(links[:-1]))


class LayoutTests(SynchronousTestCase):
    def test_places(self) -> None:
        """Every peer has a place of its own in the circle, the farthest one on it."""
        ring = a_ring(12)
        places = layout([*ring.sides, "alone"], ring.links, ring.tree)
        self.assertEqual(set(places), {*ring.sides, "alone"})
        self.assertAlmostEqual(max(map(abs, places.values())), 1.0)
        points = list(places.values())
        apart = [abs(a - b) for i, a in enumerate(points) for b in points[:i]]
        self.assertGreater(min(apart), 0.05)

    def test_neighbors_are_near(self) -> None:
        """Peers that the tree links are nearer than others."""
        ring = a_ring(30)
        places = layout(ring.sides, ring.links, ring.tree)
        linked = [abs(places[one] - places[other]) for one, other in ring.tree]
        every = [abs(a - b) for a in places.values() for b in places.values()]
        self.assertLess(3 * sum(linked) / len(linked), sum(every) / len(every))

    def test_smallest(self) -> None:
        """A single peer is in the middle; without peers there is no place."""
        self.assertEqual(layout(["a"], [], []), {"a": 0j})
        self.assertEqual(layout([], [], []), {})


class SampleTests(SynchronousTestCase):
    def test_nearest(self) -> None:
        """Of many, those nearest to the first along the tree are drawn, and their links."""
        ring = a_ring(3 * MOST_DRAWN)
        drawn = drawn_of(ring)
        self.assertEqual(list(drawn.sides), list(ring.sides)[:MOST_DRAWN])
        self.assertEqual(len(drawn.links), MOST_DRAWN - 1)
        self.assertEqual(drawn.tree, frozenset(drawn.links))

    def test_few(self) -> None:
        """Of few, all are."""
        ring = a_ring(MOST_DRAWN)
        self.assertEqual(drawn_of(ring), ring)


class PictureTests(SynchronousTestCase):
    def test_crash(self) -> None:
        """The dead are drawn where they were, and nowhere after that; the legend has each kind."""
        svg = picture(an_outcome(kill=50))
        self.assertEqual(marks(svg)["peer"], 20 + 10 + 10 + 1)
        self.assertEqual(marks(svg)["dead"], 10 + 1)
        self.assertEqual(marks(svg)["other"] + marks(svg)["new"], 0)
        self.assertIn("10 peers · ", svg)
        self.assertIn("a broadcast reaches 100 % in ", svg)

    def test_partition(self) -> None:
        """The halves differ from the cut on."""
        svg = picture(an_outcome(partition=20))
        self.assertEqual(marks(svg)["other"], 10 + 10 + 1)
        self.assertIn("peer, second half", svg)

    def test_title(self) -> None:
        """The title says what came of it, not what one hoped for."""
        healed = an_outcome(kill=50)
        self.assertIn("A network that loses 50 % of its peers, and heals", picture(healed))
        end = healed.moments["end"]
        broken = attrs.evolve(end, shape=attrs.evolve(end.shape, components=3))
        torn = attrs.evolve(healed, moments={**healed.moments, "end": broken})
        self.assertIn("A network that loses 50 % of its peers, and ends in 3 parts", picture(torn))

    def test_churn(self) -> None:
        """Peers that joined later are drawn differently."""
        self.assertGreater(marks(picture(an_outcome(churn=60)))["new"], 5)

    def test_same_again(self) -> None:
        """The picture is the same, however a run of Python happens to order its sets."""
        program = (
            "from tests.cli.test_sim_picture import an_outcome, picture\n"
            "print(picture(an_outcome(kill=30, partition=20, churn=30)))\n"
        )
        pictures = {printed(program, seed) for seed in ("1", "2")}
        self.assertEqual(len(pictures), 1)
