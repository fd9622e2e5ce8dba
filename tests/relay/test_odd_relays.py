"""Relays that do not do what was asked of them."""

from p2p_twisted.wire.codec import encode
from tests.download.wires import Stranger
from tests.relay.cases import RELAY, RelayCase, hello


class OddRelaysTests(RelayCase):
    """Relays that are none, or behave oddly."""

    def pose(self, *said: bytes) -> list[Stranger]:
        """Put somebody who says something else in the relay's place."""
        posing: list[Stranger] = []

        class Posing(Stranger):
            def connectionMade(self) -> None:
                posing.append(self)
                self.say(*said)

        self.wires.listeners[RELAY.host, RELAY.port] = Posing
        return posing

    def test_somebody_else(self) -> None:
        """Whoever greets otherwise gets no byte of either side."""
        for said in (b"SSH-2.0-x\r\n", encode(hello("s8"))):
            posing = self.pose(said)
            waiting = self.wait_there()
            self.assertEqual(len(waiting.faults), 1)
            _ben, coming = self.come("0" * 32)
            self.failureResultOf(coming)
            self.assertEqual([each.received for each in posing], [b"", b""])
            self.assertTrue(all(each.is_lost for each in posing))

    def test_earlier_peer(self) -> None:
        """A peer of an earlier version refuses, as it knows no such verb: that is told."""
        refusal = b'ERROR {"reason":"say LINK first","code":"flag"}\r\n'
        self.pose(encode(hello("s7")), refusal)
        waiting = self.wait_there()
        self.assertEqual(len(waiting.faults), 1)
        self.assertEqual(waiting.ends[0], "say LINK first")

    def test_out_of_turn(self) -> None:
        """A relay that says that the other one is there before it has given a place is left."""
        self.pose(encode(hello("s7")), b"MET\r\n")
        waiting = self.wait_there()
        self.assertEqual(len(waiting.faults), 1)

    def test_silent(self) -> None:
        """A relay that does not answer is left after 5 s."""
        self.pose(encode(hello("s7")))
        waiting = self.wait_there()
        ben, _coming = self.come("0" * 32)
        self.wires.pass_time(6)
        self.assertEqual((len(waiting.faults), ben.is_lost), (1, True))
