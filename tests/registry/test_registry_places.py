"""Which of several registries a peer asks."""

from collections import Counter
from random import Random
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry.registry_places import Location, RegistryPlaces

ABC = [("192.0.2.1", 9011), ("192.0.2.2", 9011), ("192.0.2.3", 9011)]


class PlacesTests(SynchronousTestCase):
    """Three registries."""

    def in_turn(self, places: RegistryPlaces, now: float) -> list[Location]:
        """List whom to ask."""
        found: list[Location] = self.successResultOf(Deferred.fromCoroutine(places.in_turn(now)))
        return found

    def test_spread(self) -> None:
        """Many peers choose all of them, each of about as many, and stay with their choice."""
        peers = [RegistryPlaces(ABC, Random(number)) for number in range(300)]
        chosen = [self.in_turn(each, 0.0) for each in peers]
        self.assertEqual({tuple(sorted(each)) for each in chosen}, {tuple(ABC)})
        counted = Counter(first for first, *_others in chosen)
        self.assertEqual([count for count in counted.values() if not 70 <= count <= 130], [])
        self.assertEqual([self.in_turn(each, 500.0) for each in peers], chosen)

    def test_failed(self) -> None:
        """Who did not answer is asked last, for a while, or until it answers."""
        places = RegistryPlaces(ABC, Random(1))
        first, second, third = self.in_turn(places, 0.0)
        places.failed(first, 1.0)
        self.assertEqual(self.in_turn(places, 2.0), [second, third, first])
        self.assertEqual(self.in_turn(places, 31.0), [first, second, third])
        places.failed(first, 32.0)
        places.answered(first)
        self.assertEqual(self.in_turn(places, 33.0), [first, second, third])

    def test_come_back(self) -> None:
        """Choices are made again, so that one that was away gets peers again."""
        peers = [RegistryPlaces(ABC, Random(number)) for number in range(100)]
        for each in peers:
            self.in_turn(each, 0.0)
            each.failed(ABC[0], 1.0)
        asked = {self.in_turn(each, 2.0)[0] for each in peers}
        self.assertEqual(asked, set(ABC[1:]))
        again = Counter(self.in_turn(each, 700.0)[0] for each in peers)
        self.assertGreater(again[ABC[0]], 20)

    def test_names(self) -> None:
        """A name stands for all of its addresses, which are looked up again after a minute."""
        known: Any = {"lab": ["192.0.2.1", "192.0.2.2"], "one": ["192.0.2.9"], "none": []}
        known["six"] = ["2001:db8::9"]
        asked: list[str] = []

        def look_up(name: str) -> "Deferred[list[str]]":
            asked.append(name)
            return succeed(known[name])

        hosts = ("lab", "one", "none", "192.0.2.1", "six")
        places = RegistryPlaces([(host, 9011) for host in hosts], Random(1), look_up)
        # The reactor looks names up for IPv4 alone.
        there = {"192.0.2.1", "192.0.2.2", "one", "none", "2001:db8::9"}
        self.assertEqual({host for host, _port in self.in_turn(places, 0.0)}, there)
        self.assertEqual(len(self.in_turn(places, 59.0)), 5)
        self.assertEqual(asked, ["lab", "one", "none", "six"])
        known["lab"] = ["192.0.2.1", "192.0.2.7"]
        again = {host for host, _port in self.in_turn(places, 61.0)}
        self.assertEqual(again, there - {"192.0.2.2"} | {"192.0.2.7"})
        known["lab"] = []
        self.assertEqual({host for host, _port in self.in_turn(places, 122.0)}, again)
