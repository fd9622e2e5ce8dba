"""What others may have a peer search."""

from typing import Any

from attrs import define, evolve
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from typing_extensions import override

from p2p_twisted.library.catalog import Catalog
from p2p_twisted.library.entries import HashedFile, OnDisk, Signature
from p2p_twisted.library.folders import SharedFile
from p2p_twisted.overlay.effects import LocalAnswer
from p2p_twisted.peer import limits
from p2p_twisted.peer.gathered_topology import a_topology
from p2p_twisted.peer.paced_work import Pacer
from p2p_twisted.peer.query_answers import QueryAnswers
from p2p_twisted.storage.partial import PartialRegister
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.messages import Ask, PeerRecord, Tally, Told
from p2p_twisted.wire.names import PeerAddress

FILES = 2_000


def shared(name: str, number: int, file_id: str) -> SharedFile:
    """Make a file that lies nowhere, with that content."""
    return SharedFile(OnDisk(name, name, Signature(1, 1, number)), HashedFile(file_id, b""), 100)


class BusyClock(Clock):
    """A clock that goes on whenever it is read, as on a machine where everything takes a while."""

    tick = 0.0

    @override
    def seconds(self) -> float:
        self.rightNow += self.tick
        return float(self.rightNow)


@define
class Network:
    """What answers depend on of the network."""

    is_closed: bool = False
    neighbors: tuple[PeerAddress, ...] = ()


class SearchTests(SynchronousTestCase):
    """Searches through all names of a large library."""

    def setUp(self) -> None:
        self.clock = BusyClock()
        self.catalog = Catalog()
        for number in range(FILES):
            self.put(f"f{number}.txt", number)
        self.network = Network()
        network: Any = self.network
        pacer = Pacer(self.clock, self.clock.seconds)
        self.answers = QueryAnswers("s1", [self.catalog], PartialRegister(), network, pacer)

    def put(self, name: str, number: int) -> None:
        """Share one more file."""
        self.catalog.put([shared(name, number, "0" * 64)])

    def ask(self, what: Any, text: str = "", peer: str | None = None) -> "Deferred[LocalAnswer]":
        """Have another peer ask."""
        return self.answers.answer_stranger(Ask("0" * 32, what, text, peer))

    def settle(self, answer: "Deferred[LocalAnswer]") -> LocalAnswer:
        """Let the reactor turn until there is an answer."""
        for _ in range(10_000):
            if answer.called:
                break
            self.clock.advance(0)
        return self.successResultOf(answer)

    def test_closed(self) -> None:
        """Whoever cannot be dialed says so of all that it has."""
        for is_closed in (False, True):
            self.network.is_closed = is_closed
            (hit,) = self.settle(self.ask("name", "f77")).hits
            self.assertIs(hit.closed, is_closed)

    def test_very_many_neighbors(self) -> None:
        """A peer with more neighbors than a record has room for sends several of one peer."""
        for count in (0, 28, 70):
            self.network.neighbors = tuple(
                PeerAddress(f"c{number:02}", "192.0.2.7", 9_000 + number) for number in range(count)
            )
            records = self.settle(self.ask("topo")).peers
            encode(Told("0" * 32, peers=records, more=True))
            self.assertEqual(len(records), max(1, -(-count // 28)))
            others = [PeerRecord(each.name, ("s1",)) for each in self.network.neighbors]
            topology = a_topology([*records, *others], (), 0.0)
            self.assertEqual((len(topology.peers), len(topology.links)), (count + 1, count))

    def test_swapped_meanwhile(self) -> None:
        """A link that one end alone knows, as it is swapped while all are asked, is no link."""
        said = {"s1": ("s2", "s3", "s4", "s9"), "s2": ("s1",), "s3": (), "s4": ("s1", "s3")}
        topology = a_topology((PeerRecord(*each) for each in said.items()), (), 0.0)
        told = {record.peer: record.links for record in topology.peers}
        # Nobody knows what s9 would say.
        kept = {"s1": ("s2", "s4", "s9"), "s2": ("s1",), "s3": (), "s4": ("s1",)}
        self.assertEqual((told, topology.silent), (kept, ("s9",)))
        self.assertEqual(topology.links, {("s1", "s2"), ("s1", "s4")})

    def test_at_once(self) -> None:
        """What takes no time is answered at once, whatever is asked."""
        for what, text, peer, count in (
            ("text", "f77", None, 11),
            ("name", "f77", None, 1),
            ("id", "0" * 64, None, 200),
            ("ls", "", "s1", FILES),
            ("ls", "", "s2", 0),
            ("text", "f77", "s2", 0),
        ):
            answer = self.successResultOf(self.ask(what, text, peer))
            self.assertEqual((len(answer.hits), answer.cut), (count, False))

    def test_short_ids(self) -> None:
        """All ids that begin as a short one are found, in pieces; none by less of it."""
        short = "12" * 8
        for number, file_id in enumerate((f"{short}{'0' * 48}", f"{short}{'1' * 48}")):
            self.catalog.put([shared(f"g{number}", number, file_id)])
        self.catalog.put(shared(f"h{number}", number, f"{number:064x}") for number in range(FILES))
        self.clock.tick = 0.005
        searching = self.ask("id", short)
        self.assertNoResult(searching)
        self.catalog.drop("h77")
        self.assertEqual([hit.name for hit in self.settle(searching).hits], ["g0", "g1"])
        self.assertEqual(self.settle(self.ask("id", short[:15])).hits, ())

    def test_offers(self) -> None:
        """What has the id of an offer is asked of those who keep offers, if it is asked here."""
        network: Any = self.network
        pacer = Pacer(self.clock, self.clock.seconds)
        said = {"1" * 32: LocalAnswer(tally=Tally(unmeant=1))}
        parts = [self.catalog], PartialRegister(), network, pacer
        answers = QueryAnswers("s1", *parts, of_offer=lambda offer: said[offer])
        ask = Ask("0" * 32, "id", "1" * 32)
        answer = self.successResultOf(answers.answer_stranger(ask))
        self.assertEqual(answer, said["1" * 32])
        others = self.successResultOf(answers.answer_stranger(evolve(ask, peer="s2")))
        self.assertEqual(others, LocalAnswer())
        self.assertEqual(self.successResultOf(self.ask("id", "1" * 32)), LocalAnswer())

    def test_in_pieces(self) -> None:
        """A search that takes long goes on between other business, and says how long it took."""
        self.clock.tick = 0.000_5
        searching = self.ask("text", "f77")
        self.assertNoResult(searching)
        other = self.ask("name", "f5")
        self.assertEqual(len(self.settle(other).hits), 1)
        self.assertNoResult(searching)
        # The library may change meanwhile.
        self.catalog.drop("f779.txt")
        self.put("f9999.txt", 0)
        answer = self.settle(searching)
        self.assertEqual((len(answer.hits), answer.cut), (10, False))
        self.assertGreater(answer.seconds, FILES / 128 * self.clock.tick)

    def test_too_long(self) -> None:
        """What takes longer than a second is cut; one's own search is not."""
        self.clock.tick = 0.05
        answer = self.settle(self.ask("text", "f1"))
        self.assertTrue(answer.cut)
        self.assertLess(answer.seconds, limits.LOOKUP_SECONDS + 1.0)
        own = self.settle(self.answers.answer_own(Ask("0" * 32, "text", "f1999")))
        self.assertEqual((len(own.hits), own.cut), (1, False))

    def test_stopped(self) -> None:
        """A peer that leaves searches no more."""
        self.clock.tick = 0.000_5
        searching = self.ask("text", "f77")
        self.answers.stop()
        self.assertTrue(self.successResultOf(searching).cut)
        self.assertTrue(self.successResultOf(self.ask("text", "f77")).cut)
        self.assertEqual(self.clock.getDelayedCalls(), [])
