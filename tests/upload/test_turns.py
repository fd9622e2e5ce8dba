"""Who is sent a chunk when, where those who have one pass it on."""

from collections.abc import Sequence

from attrs import define
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.upload import limits
from p2p_twisted.upload.turns import Turns
from p2p_twisted.wire.limits import CHUNK_BYTES

TOO_LONG = limits.CHUNK_TURN_SECONDS + 1.0


@define(eq=False)
class Waiting:
    """A push that has one chunk after the other to send."""

    requester: str
    turns: Turns
    sent: list[str]

    def start(self) -> None:
        """Send a chunk, or wait for a turn."""
        if self.turns.take(self):
            self.go_on()

    def go_on(self) -> None:
        self.sent.append(self.requester)

    def end(self) -> None:
        """All of a chunk has been sent."""
        self.turns.end(self, has_sent=True)


class TurnsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.turns = Turns(self.clock)
        self.sent: list[str] = []

    def begun(self, names: Sequence[str]) -> dict[str, Waiting]:
        """Have one push for each name begin, in this order."""
        pushes = {name: Waiting(name, self.turns, self.sent) for name in names}
        for push in pushes.values():
            push.start()
        return pushes

    def test_in_order(self) -> None:
        """One is sent a chunk at a time; the others in the order in which they have asked."""
        pushes = self.begun("abc")
        self.assertEqual(self.sent, ["a"])
        pushes["a"].end()
        pushes["a"].start()
        pushes["b"].end()
        pushes["c"].end()
        self.assertEqual(self.sent, ["a", "b", "c", "a"])

    def test_gone(self) -> None:
        """Who is gone keeps nobody waiting, and is not waited for."""
        pushes = self.begun("abcd")
        pushes["b"].end()
        pushes["a"].end()
        self.assertEqual(self.sent, ["a", "c"])

    def test_nothing_to_send(self) -> None:
        """A turn of somebody who needs nothing any more is the next one's."""
        pushes = self.begun("ab")

        class Content(Waiting):
            def go_on(self) -> None:
                self.end()

        content = Content("x", self.turns, self.sent)
        content.start()
        pushes["a"].end()
        pushes["b"].end()
        self.begun("cd")
        self.assertEqual(self.sent, ["a", "b", "c"])

    def test_does_not_fill_the_uplink(self) -> None:
        """Beside one that takes three times as long as those before, the next is sent a chunk."""
        pushes = self.begun(["a", "slow", "b", "c", "d"])
        self.clock.advance(1.0)
        pushes["a"].end()
        self.clock.advance(2.5)
        self.assertEqual(self.sent, ["a", "slow"])
        self.clock.advance(0.5)
        self.assertEqual(self.sent, ["a", "slow", "b"])
        pushes["b"].end()
        pushes["slow"].end()
        self.assertEqual(self.sent, ["a", "slow", "b", "c"])

    def test_all_take_longer(self) -> None:
        """Where the uplink has become slower, one at a time is sent a chunk again soon."""
        pushes = self.begun("abcdef")
        self.clock.advance(0.1)
        pushes["a"].end()
        self.clock.advance(1.6)
        self.assertEqual(self.sent, ["a", "b", "c"])
        pushes["b"].end()
        self.clock.advance(1.6)
        pushes["c"].end()
        self.clock.advance(1.6)
        self.assertEqual(self.sent, ["a", "b", "c", "d"])

    def test_slow_reader(self) -> None:
        """Who takes far too long for a chunk delays others once, and then reads beside them."""
        pushes = self.begun(["slow", "a", "b"])
        self.clock.advance(TOO_LONG)
        self.assertEqual(self.sent, ["slow", "a"])
        pushes["slow"].end()
        pushes["slow"].start()
        self.assertEqual(self.sent, ["slow", "a", "slow"])
        pushes["a"].end()
        self.assertEqual(self.sent[3:], ["b"])

    def test_slow_by_another_connection(self) -> None:
        """A slow reader is remembered by its name: no number of connections makes others wait."""
        self.begun(["slow"])
        self.begun(["a"])
        self.clock.advance(TOO_LONG)
        for _ in range(20):
            self.begun(["slow"])
        self.assertEqual(self.sent[1:], ["a", *["slow"] * 20])

    def test_slow_no_more(self) -> None:
        """After a while a slow reader takes turns again, as the way to it may have been bad."""
        slow = self.begun(["slow"])["slow"]
        self.clock.advance(TOO_LONG)
        slow.end()
        self.clock.advance(limits.SLOW_READER_SECONDS)
        self.begun(["a", "slow"])
        self.assertEqual(self.sent[1:], ["a"])

    def test_overdue_again(self) -> None:
        """Each turn has as long as any other, whenever it has begun."""
        pushes = self.begun("ab")
        self.clock.advance(limits.CHUNK_TURN_SECONDS / 2)
        pushes["a"].end()
        self.begun("cd")
        self.clock.advance(limits.CHUNK_TURN_SECONDS / 2)
        self.assertEqual(self.sent, ["a", "b"])
        self.clock.advance(limits.CHUNK_TURN_SECONDS / 2)
        self.assertEqual(self.sent, ["a", "b", "c"])

    def test_most_slow_readers(self) -> None:
        """So many are remembered; of more, the oldest are forgotten."""
        for number in range(limits.SLOW_READERS_REMEMBERED + 2):
            push = self.begun([f"slow{number}"])[f"slow{number}"]
            self.clock.advance(TOO_LONG)
            push.end()
            # Long before the first is forgotten for its age.
            self.clock.rightNow -= TOO_LONG
        self.begun(["a", "slow0", "slow1", "slow2"])
        self.assertEqual(self.sent[-2:], ["a", "slow2"])

    def test_rate(self) -> None:
        """How fast chunks leave is known from the last one."""
        self.assertEqual(self.turns.bytes_per_second, 0.0)
        pushes = self.begun("ab")
        for name, seconds in (("a", 2.0), ("b", 0.5)):
            self.clock.advance(seconds)
            pushes[name].end()
            self.assertEqual(self.turns.bytes_per_second, CHUNK_BYTES / seconds)
