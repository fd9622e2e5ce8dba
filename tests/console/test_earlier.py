"""What is said of downloads that no command of this run has begun."""

import attrs
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.console.conversation import Conversation
from p2p_twisted.console.downloading import Downloading
from p2p_twisted.console.exits import Exits
from p2p_twisted.download.progress import Checking, Paused, Progress, Seeking, State, Waiting
from p2p_twisted.wire.names import PeerAddress
from tests.console.fake_links import FakeLinks
from tests.console.fake_peer import STATUS, FakePeer, running, saved


class EarlierTests(SynchronousTestCase):
    """One download of an earlier run."""

    def setUp(self) -> None:
        self.peer, self.said = FakePeer(), list[str]()
        self.watched: list[Progress] = []
        self.downloading = Downloading(self.peer, self.said.extend, self.watched.append, Exits())
        self.downloading.follow_earlier()
        (self.watch,) = self.peer.earlier

    def become(self, *states: State) -> None:
        for state in states:
            self.watch(running(state=state))

    def test_limits(self) -> None:
        """Limits that hold from the start are said."""
        peer, said = FakePeer(), list[str]()
        Conversation(peer, said.extend, self.watched.append, links=FakeLinks()).begin()
        peer.status_now = attrs.evolve(STATUS, rates=Rates(up=2 << 20))
        Conversation(peer, said.extend, self.watched.append, links=FakeLinks()).begin()
        self.assertEqual(said, ["limits: up 2.0 MiB/s, down unlimited"])

    def test_goes_on(self) -> None:
        """It is said once it is known how much is there, and so is its end."""
        self.become(Checking())
        self.assertEqual(self.said, [])
        self.become(Seeking())
        self.watch(running())
        self.assertEqual(self.said, ["going on with f1.txt, 50 %"])
        self.watch(saved())
        self.assertEqual([line[:12] for line in self.said[1:]], ["saved f1.txt"])
        self.assertEqual(len(self.watched), 4)

    def test_waits(self) -> None:
        """That it waits is said whenever it begins to."""
        self.become(Seeking(), Waiting(), Waiting())
        self.watch(running())
        self.become(Waiting())
        waits = "f1.txt waits; it goes on by itself when somebody who has it is back"
        self.assertEqual(self.said, ["going on with f1.txt, 50 %", waits, waits])

    def test_paused(self) -> None:
        """One that is paused says how it goes on, and not again when a command pauses it."""
        self.become(Paused())
        self.assertEqual(self.said, ["f1.txt is paused; resume 1 goes on with it"])
        self.become(Seeking(), Paused())
        self.assertEqual(len(self.said), 1)

    def test_unreachable(self) -> None:
        """That its holder cannot be reached is said once."""
        ben = PeerAddress("ben", "10.77.0.24", 9_000)
        self.become(Seeking(), Seeking((ben,)), Seeking((ben,)))
        self.assertEqual(len(self.said), 2)
        self.assertIn("f1.txt: ben (10.77.0.24:9000) has it but cannot be reached", self.said[1])

    def test_asked_for_again(self) -> None:
        """What a command asks for is shown by that command."""
        done: Deferred[Progress] = Deferred()
        self.peer.will("get", done)
        asking = Deferred.fromCoroutine(self.downloading.get("f1", None))
        self.peer.watches[0](running())
        self.become(Seeking())
        self.watch(saved())
        self.assertEqual(self.said, [])
        done.callback(saved())
        self.successResultOf(asking)
        self.assertEqual([line[:12] for line in self.said], ["saved f1.txt"])
