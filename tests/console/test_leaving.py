"""What is asked and said of somebody who leaves."""

import attrs
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.leaving import before_stop, left_undone, running_now
from p2p_twisted.download.progress import Paused, Waiting
from p2p_twisted.peer.interface import Topology
from p2p_twisted.wire.names import PeerAddress
from tests.console.fake_peer import STATUS, UPLOAD, running, saved, topology

OTHER_UPLOAD = (UPLOAD[0], attrs.evolve(UPLOAD[1], requester="s8"))


def network(peers: int, silent: int = 0) -> Topology:
    """Make a network of s1, s2, ..."""
    answered = topology(**{f"s{number}": "" for number in range(1, peers + 1)})
    return attrs.evolve(answered, silent=tuple(f"t{number}" for number in range(silent)))


class StopTests(SynchronousTestCase):
    """When a person is asked before a network is stopped."""

    def test_number(self) -> None:
        """More than ten peers, also where some are silent, are not stopped unasked."""
        self.assertIsNone(before_stop(network(10), STATUS))
        for peers, silent in [(11, 0), (10, 1)]:
            self.assertEqual(
                before_stop(network(peers, silent), STATUS), "stop all 11 peers of the network?"
            )

    def test_hosts(self) -> None:
        """Nor is one peer of another host, or of one that is not known."""
        me = PeerAddress("s2", "10.0.0.2", 9_000)
        here, there = attrs.evolve(me, name="s1"), PeerAddress("s1", "10.0.0.3", 9_000)
        for neighbors, is_asked in [((here,), False), ((there,), True), ((), True)]:
            status = attrs.evolve(STATUS, address=me, neighbors=neighbors)
            question = "stop all 2 peers of the network, also those of other hosts?"
            expected = question if is_asked else None
            self.assertEqual(before_stop(network(2), status), expected)


class RunningTests(SynchronousTestCase):
    """What leaving would interrupt."""

    def test_lines(self) -> None:
        """Downloads that run and those who fetch, each named; what rests does not count."""
        resting = (running(3, state=Paused()), running(4, state=Waiting()), saved(5))
        for downloads, uploads, line in [
            (resting, (), None),
            ((running(), *resting), (), "1 download runs: f1.txt (50 %)"),
            ((), (UPLOAD, UPLOAD), "s7 is fetching from here"),
            (
                (running(), running(2, name="b", received=0)),
                (UPLOAD, OTHER_UPLOAD),
                "2 downloads run: f1.txt (50 %), b (0 %); s7, s8 are fetching from here",
            ),
        ]:
            self.assertEqual(running_now(downloads, uploads), line)

    def test_left_undone(self) -> None:
        """What is paused is not complete either, but does not go on by itself."""
        downloads = (running(1), running(2, state=Paused(), name="b"), saved(3))
        self.assertEqual(
            list(left_undone(downloads, (UPLOAD, OTHER_UPLOAD))),
            [
                "not complete: f1.txt (50 %), b (paused); it goes on at the next start",
                "s7, s8 were fetching from here",
            ],
        )
        self.assertEqual(list(left_undone((saved(),), ())), [])
        self.assertEqual(
            list(left_undone((running(state=Paused()),), ())), ["not complete: f1.txt (paused)"]
        )

    def test_no_next_run(self) -> None:
        """Where the peer's directory is removed, nothing is promised."""
        self.assertEqual(
            list(left_undone((running(),), (), has_next_run=False)),
            ["not complete: f1.txt (50 %), and removed now"],
        )
