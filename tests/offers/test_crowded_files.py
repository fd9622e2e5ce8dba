"""What many fetch at the same time is asked for near by, and of all from time to time."""

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.offers.crowded_files import CrowdedFiles
from p2p_twisted.wire.messages import Ask, Hit
from tests.peer.cases import AnsweringNetwork, searches_in

FILE = "a" * 64
SOME = Hit("s2", "film", 9, file=FILE, partial=True)


class CrowdedFilesTests(SynchronousTestCase):
    def test_for_a_while(self) -> None:
        """All are asked after half a minute, and then the less often, the more there are."""
        crowded = CrowdedFiles()
        with crowded.fetching(FILE, 100.0):
            self.assertTrue(crowded.is_near(FILE, 129.9))
            self.assertFalse(crowded.is_near(FILE, 130.0))
            crowded.asked_all(FILE, 130.0, peers=10)
            self.assertTrue(crowded.is_near(FILE, 159.9))
            self.assertFalse(crowded.is_near(FILE, 160.0))
            crowded.asked_all(FILE, 160.0, peers=10_000)
            self.assertTrue(crowded.is_near(FILE, 1_159.9))
            self.assertFalse(crowded.is_near(FILE, 1_160.0))

    def test_only_while_it_is_fetched(self) -> None:
        """What a person asks for is searched for everywhere."""
        crowded = CrowdedFiles()
        with crowded.fetching(FILE, 0.0):
            self.assertFalse(crowded.is_near("b" * 64, 1.0))
        crowded.asked_all(FILE, 1.0, peers=10_000)
        self.assertFalse(crowded.is_near(FILE, 2.0))


class NearSearchTests(SynchronousTestCase):
    def asked(self, is_crowded: bool, *hits: Hit, again: bool = False) -> list[Ask]:
        """Return what is asked to find out who has some content."""
        network = AnsweringNetwork(hits)
        searches = searches_in(network)
        found: list[Deferred[tuple[Hit, ...]]] = []
        if is_crowded:
            with searches.crowded.fetching(FILE, 0.0):
                found.append(searches.find(FILE, again))
        else:
            found.append(searches.find(FILE, again))
        self.assertEqual(self.successResultOf(found[0]), hits)
        return network.asked

    def test_some_of_it(self) -> None:
        """Who has some of it near by will do, also when it is asked for again."""
        for again in (False, True):
            [asked] = self.asked(True, SOME, again=again)
            self.assertEqual(asked.hops, 2)
            self.assertGreater(self.asked(False, SOME, again=again)[-1].hops, 4)

    def test_nobody_near(self) -> None:
        """Where nobody near has any of it, all are asked."""
        self.assertEqual([each.hops for each in self.asked(True)[:3]], [2, 3, 4])
        self.assertGreater(self.asked(True)[3].hops, 4)
