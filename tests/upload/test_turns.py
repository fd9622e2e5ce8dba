"""Who is sent a chunk when, where those who have one pass it on."""

from collections.abc import Sequence

from attrs import define, field
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.upload import limits
from p2p_twisted.upload.turns import Turns

TOO_LONG = limits.CHUNK_TURN_SECONDS + 1.0


@define(eq=False)
class Waiting:
    """A push that has one chunk after the other to send."""

    requester: str
    turns: Turns
    sent: list[str]
    is_sending: bool = field(default=False, init=False)

    def start(self) -> None:
        """Send a chunk, or wait for a turn."""
        if self.turns.take(self):
            self.go_on()

    def go_on(self) -> None:
        self.is_sending = True
        self.sent.append(self.requester)

    def end(self) -> None:
        """All of a chunk has been sent."""
        self.is_sending = False
        self.turns.end(self)


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
        """Two are sent a chunk at a time; the others in the order in which they have asked."""
        pushes = self.begun("abcd")
        self.assertEqual(self.sent, ["a", "b"])
        pushes["b"].end()
        pushes["b"].start()
        pushes["a"].end()
        pushes["c"].end()
        self.assertEqual(self.sent, ["a", "b", "c", "d", "b"])

    def test_gone(self) -> None:
        """Who is gone keeps nobody waiting, and is not waited for."""
        pushes = self.begun("abcd")
        pushes["c"].end()
        pushes["a"].end()
        self.assertEqual(self.sent, ["a", "b", "d"])

    def test_nothing_to_send(self) -> None:
        """A turn of somebody who needs nothing any more is the next one's."""
        pushes = self.begun("abcd")

        class Content(Waiting):
            def go_on(self) -> None:
                self.end()

        content = Content("x", self.turns, self.sent)
        content.start()
        pushes["a"].end()
        pushes["b"].end()
        pushes["c"].end()
        pushes["d"].end()
        self.begun("ef")
        self.assertEqual(self.sent, ["a", "b", "c", "d", "e", "f"])

    def test_slow_reader(self) -> None:
        """Who takes too long for a chunk delays others once, and then reads beside them."""
        pushes = self.begun(["slow", "slower", "a", "b", "c"])
        self.clock.advance(TOO_LONG)
        self.assertEqual(self.sent[2:], ["a", "b"])
        for name in ("slow", "slower"):
            pushes[name].end()
            pushes[name].start()
        self.assertEqual(self.sent[4:], ["slow", "slower"])
        pushes["a"].end()
        self.assertEqual(self.sent[6:], ["c"])

    def test_slow_by_another_connection(self) -> None:
        """A slow reader is remembered by its name: no number of connections makes others wait."""
        self.begun(["slow"])
        self.begun(["slow", "a", "b"])
        self.clock.advance(TOO_LONG)
        for _ in range(20):
            self.begun(["slow"])
        self.assertEqual(self.sent[2:], ["a", "b", *["slow"] * 20])

    def test_slow_no_more(self) -> None:
        """After a while a slow reader takes turns again, as the way to it may have been bad."""
        pushes = self.begun(["slow", "slower"])
        self.clock.advance(TOO_LONG)
        for push in pushes.values():
            push.end()
        self.clock.advance(limits.SLOW_READER_SECONDS)
        self.begun(["a", "b", "slow"])
        self.assertEqual(self.sent[2:], ["a", "b"])

    def test_overdue_again(self) -> None:
        """Each turn has as long as any other, whenever it has begun."""
        pushes = self.begun("ab")
        self.clock.advance(limits.CHUNK_TURN_SECONDS / 2)
        pushes["b"].end()
        self.begun("cde")
        self.clock.advance(limits.CHUNK_TURN_SECONDS / 2)
        self.assertEqual(self.sent, ["a", "b", "c", "d"])
        self.clock.advance(limits.CHUNK_TURN_SECONDS / 2)
        self.assertEqual(self.sent, ["a", "b", "c", "d", "e"])

    def test_most_slow_readers(self) -> None:
        """So many are remembered; of more, the oldest are forgotten."""
        for number in range(limits.SLOW_READERS_REMEMBERED + 2):
            push = self.begun([f"slow{number}"])[f"slow{number}"]
            self.clock.advance(TOO_LONG)
            push.end()
            # Long before the first is forgotten for its age.
            self.clock.rightNow -= TOO_LONG
        self.begun(["a", "b", "slow0", "slow1", "slow2"])
        self.assertEqual(self.sent[-3:], ["a", "b", "slow2"])
