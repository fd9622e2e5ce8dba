import hashlib
import json

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.simulation.trace import Trace
from p2p_twisted.simulation.traffic import LineCount
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.messages import Ask, Gossip, Prune, Told

ID = "0" * 32


class TrafficTests(SynchronousTestCase):
    def test_bytes(self) -> None:
        """A sample tells how many bytes all lines of a kind have."""
        traffic = LineCount()
        ask = Ask(ID, "topo")
        for _ in range(1_000):
            traffic.add(ask)
        traffic.add(Prune())
        self.assertEqual(traffic.bytes, 1_000 * len(encode(ask)) + len(encode(Prune())))

    def test_by_id(self) -> None:
        """The lines of one broadcast and of one question are counted by themselves."""
        traffic = LineCount()
        for message in (Ask(ID, "topo"), Told(ID), Gossip(ID, "note", "a", 0.0, 1.0), Prune()):
            traffic.add(message)
        self.assertEqual((traffic.asked[ID], traffic.copies[ID]), (2, 1))


class TraceTests(SynchronousTestCase):
    def test_hash(self) -> None:
        """The hash is that of the file, whether one is written or not."""
        lines: list[str] = []
        written, unwritten = Trace(lines.append), Trace()
        for trace in (written, unwritten):
            trace.add(0.1 + 0.2, "peer_up", peer="a")
            trace.add(7, "heal")
        self.assertEqual(json.loads(lines[0]), {"at": 0.3, "event": "peer_up", "peer": "a"})
        self.assertEqual(written.hash, hashlib.sha256("".join(lines).encode()).hexdigest())
        self.assertEqual(written.hash, unwritten.hash)
