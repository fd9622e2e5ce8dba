"""A member that runs, whose registry is at another address."""

from itertools import pairwise
from random import Random
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.peer.moved_registry import MovedRegistry
from p2p_twisted.peer.private_member import PrivateMember
from p2p_twisted.registry.lan_search import HeardRegistry, IsWanted
from p2p_twisted.registry.registry_places import Location, RegistryPlaces
from p2p_twisted.runtime.threads import inline
from p2p_twisted.trust.credentials import key_hash
from p2p_twisted.wire.beacon import Beacon
from tests.trust.private_network import PrivateNetwork

WAS, IS, FORGER = ("10.9.0.1", 9_011), ("10.9.0.9", 9_011), ("10.9.0.66", 9_011)
NETWORK = PrivateNetwork("lab")
ROOT = key_hash(NETWORK.root.certificate.public_key())[:8].hex()
ANNA = NETWORK.let_in("anna")


def heard(place: Location, root: str | None = ROOT) -> HeardRegistry:
    return HeardRegistry(*place, Beacon("lab", place[1], root))


class MovedTests(SynchronousTestCase):
    """A peer whose registry has answered at 10.9.0.1 so far."""

    def setUp(self) -> None:
        self.begin(WAS)

    def begin(self, place: Location) -> None:
        self.clock: Any = Clock()
        self.said: list[str] = []
        self.searched: list[float] = []
        self.lan = [heard(FORGER), heard(IS), heard(("10.9.0.5", 9_011), None)]
        self.places = RegistryPlaces([place], Random(1))
        self.service = MovedRegistry(
            self.clock,
            PrivateMember(ANNA, "lab", place),
            self.places,
            search=self.search,
            offload=inline,
            announce=self.said.append,
            rng=Random(1),
        )
        self.service.startService()
        self.addCleanup(self.service.stopService)

    def search(self, is_wanted: IsWanted) -> tuple[HeardRegistry, ...]:
        self.searched.append(self.clock.seconds())
        return tuple(sorted(self.lan, key=lambda each: not is_wanted(each)))

    def wait(self, seconds: float) -> None:
        self.clock.pump([1.0] * int(seconds))

    def asked(self) -> list[Location]:
        """List who would be asked now."""
        in_turn = self.places.in_turn(self.clock.seconds())
        found: list[Location] = self.successResultOf(Deferred.fromCoroutine(in_turn))
        return found

    def test_moved(self) -> None:
        """Those that claim its root's key are asked last; the peer goes on with who proves it."""
        self.places.failed(WAS, self.clock.seconds())
        self.wait(59)
        self.assertEqual((self.searched, self.asked()), ([], [WAS]))
        self.wait(2)
        self.assertEqual(self.asked(), [WAS, FORGER, IS])
        self.places.failed(FORGER, self.clock.seconds())
        self.wait(15)
        self.assertEqual((self.said, self.places.named), ([], (WAS,)))
        self.places.answered(IS)
        self.wait(15)
        self.assertEqual(
            self.said,
            ["found the registry of the private network lab at 10.9.0.9:9011, no more at"
             " 10.9.0.1:9011"],
        )  # fmt: skip
        self.assertEqual(self.places.named, (IS, WAS))
        self.assertEqual(set(self.asked()), {IS, WAS})
        self.wait(600)
        self.assertEqual((len(self.searched), len(self.said)), (1, 1))

    def test_moved_again(self) -> None:
        """Of the places where it was found, only the last one is kept."""
        for place in (IS, FORGER):
            self.places.try_also([place])
            self.places.answered(place)
        self.assertEqual(self.places.named, (FORGER, WAS))

    def test_seldom(self) -> None:
        """While it is away, the network is asked every few minutes, and whom it told of is kept."""
        self.lan = []
        self.places.failed(WAS, self.clock.seconds())
        self.wait(3_600)
        apart = [after - before for before, after in pairwise(self.searched)]
        self.assertEqual([each for each in apart if not 180 <= each <= 315], [])
        self.assertGreater(len(apart), 10)
        self.assertEqual((self.said, self.asked()), ([], [WAS]))

    def test_back(self) -> None:
        """One that answers again is not looked for, and those that were found are forgotten."""
        self.places.failed(WAS, self.clock.seconds())
        self.wait(30)
        self.places.answered(WAS)
        self.wait(300)
        self.assertEqual(self.searched, [])
        self.places.try_also([FORGER])
        self.places.answered(WAS)
        self.assertEqual(self.asked(), [WAS])

    def test_on_loopback(self) -> None:
        """A network on one machine is not looked for on others."""
        self.begin(("127.0.0.1", 9_011))
        self.places.failed(("127.0.0.1", 9_011), self.clock.seconds())
        self.wait(300)
        self.assertEqual(self.searched, [])
