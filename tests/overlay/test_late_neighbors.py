"""A neighbor that was late keeps back little of what all others answer."""

import attrs
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay.effects import Answer
from p2p_twisted.overlay.events import (
    Asked,
    FellBehind,
    MessageReceived,
    NeighborAsked,
    Sufficed,
    TimeCame,
)
from p2p_twisted.wire.messages import Ask, Told
from tests.overlay.builders import TOPO, AnsweredRouter, a_down, an_asking, an_id, an_up, of_kind


class LateTests(SynchronousTestCase):
    """The neighbors of one peer; the first two answer at once, and c as the test says."""

    def setUp(self) -> None:
        self.asking = an_asking()
        self.began = 0.0
        self.asked: Ask = TOPO

    def ask(self, number: int, now: float, wait: float = 2.0, is_hasty: bool = False) -> None:
        """Ask all; all but c tell."""
        self.began, self.asked = now, attrs.evolve(TOPO, id=an_id(number), wait=wait)
        self.asking.handle(Asked(self.asked, 0.0 if is_hasty else float("inf")), now)
        for link in (1, 2):
            self.tell(link, now)

    def tell(self, link: int, now: float) -> list[Answer]:
        return of_kind(
            self.asking.handle(MessageReceived(link, Told(self.asked.id, answered=1)), now), Answer
        )

    def take(self) -> tuple[float, tuple[str, ...]]:
        """Wait for the answer; return how long it took, and who was silent."""
        answers: list[Answer] = []
        while not answers:
            now = self.asking.wake_at
            answers = of_kind(self.asking.handle(TimeCame(), now), Answer)
        return round(now - self.began, 3), answers[0].silent

    def test_mute(self) -> None:
        """One that did not answer is waited for briefly from then on."""
        self.ask(1, 0.0)
        self.assertEqual(self.take(), (2.0, ("c",)))
        for number in (2, 3):
            self.ask(number, 10.0 * number)
            self.assertEqual(self.take(), (0.5, ("c",)))

    def test_in_time_again(self) -> None:
        """One that answers in time is waited for as before."""
        self.ask(1, 0.0)
        self.take()
        self.ask(2, 10.0)
        self.assertEqual(len(self.tell(3, 10.4)), 1)
        self.ask(3, 20.0)
        self.assertEqual(self.take(), (2.0, ("c",)))

    def test_every_other(self) -> None:
        """One that answers every other time is late for good, until it answers several times."""
        waits = []
        for number in range(2, 12, 2):
            self.ask(number, 10.0 * number)
            self.tell(3, self.began + 0.1)
            self.ask(number + 1, 10.0 * number + 5.0)
            waits.append(self.take()[0])
        self.assertEqual(waits, [2.0, 2.0, 0.5, 0.5, 0.5])
        for number in range(12, 17):
            self.ask(number, 10.0 * number)
            self.assertEqual(len(self.tell(3, self.began + 0.1)), 1)
        self.ask(17, 170.0)
        self.assertEqual(self.take(), (2.0, ("c",)))

    def test_forgotten(self) -> None:
        """One that was late long ago is not remembered for that, however late it was."""
        for number in range(1, 20):
            self.ask(number, 10.0 * number)
            self.take()
        for number in range(20, 26):
            self.ask(number, 10.0 * number)
            self.tell(3, self.began + 0.1)
        for number in (26, 28):
            self.ask(number, 10.0 * number)
            self.assertEqual(self.take(), (2.0, ("c",)))
            self.ask(number + 1, 10.0 * number + 5.0)
            self.tell(3, self.began + 0.1)

    def test_late_but_not_too_late(self) -> None:
        """One with many others behind it answers after the brief wait, but within the long one."""
        self.ask(1, 0.0)
        self.take()
        self.ask(2, 10.0)
        self.take()
        self.tell(3, 11.9)
        self.ask(3, 20.0)
        self.assertEqual(self.take(), (2.0, ("c",)))

    def test_late_again_and_again(self) -> None:
        """An answer that comes after all, and several times, makes up for one that was missed."""
        for number in (1, 2, 3):
            self.ask(number, 10.0 * number)
            self.take()
        for _ in range(3):
            self.tell(3, 31.9)
        self.ask(4, 40.0)
        self.assertEqual(self.take(), (0.5, ("c",)))

    def test_too_late(self) -> None:
        """An answer that comes after all, or to another query, changes nothing."""
        self.ask(1, 0.0)
        self.take()
        self.ask(2, 10.0)
        self.take()
        self.tell(3, 12.1)
        self.asked = attrs.evolve(TOPO, id=an_id(1))
        self.tell(3, 11.0)
        self.ask(3, 20.0)
        self.assertEqual(self.take(), (0.5, ("c",)))

    def test_back_for_a_while(self) -> None:
        """One that was away, and answered all once it was back, is waited for after a minute."""
        for number in range(1, 5):
            self.ask(number, 10.0 * number)
            self.take()
        self.tell(3, 60.0)
        self.ask(5, 119.0)
        self.assertEqual(len(self.tell(3, 119.4)), 1)
        self.ask(6, 119.5)
        self.assertEqual(self.take(), (0.5, ("c",)))
        self.tell(3, 122.0)
        for number, wait in ((7, 2.0), (8, 0.5)):
            self.ask(number, 175.0 + number)
            self.assertEqual(self.take(), (wait, ("c",)))

    def test_never_back(self) -> None:
        """One that answers nothing, or what nobody has asked it, is never forgiven."""
        self.ask(1, 0.0)
        self.take()
        self.asked = attrs.evolve(TOPO, id=an_id(9))
        self.tell(3, 10.0)
        for number in range(2, 6):
            self.ask(number, 10_000.0 * number)
            self.assertEqual(self.take(), (0.5, ("c",)))

    def test_fell_behind(self) -> None:
        """One that sends so much that it is read late is waited for briefly, and at once."""
        self.ask(1, 0.0)
        self.asking.handle(FellBehind(3), 0.2)
        self.assertEqual(self.take(), (0.5, ("c",)))
        self.ask(2, 10.0)
        self.assertEqual(self.take(), (0.5, ("c",)))

    def test_asks_too_much(self) -> None:
        """One that asks for more than it may is waited for briefly, as what it answers is late."""
        self.asking.handle(NeighborAsked(3, TOPO, is_passed_on=False), 0.0)
        self.ask(1, 10.0)
        self.assertEqual(self.take(), (0.5, ("c",)))

    def test_asked_too_much(self) -> None:
        """One that asked too much, and answers in time all the same, is waited for as before."""
        self.asking.handle(NeighborAsked(3, TOPO, is_passed_on=False), 0.0)
        self.ask(1, 10.0)
        self.assertEqual(len(self.tell(3, 10.4)), 1)
        self.ask(2, 20.0)
        self.assertEqual(self.take(), (2.0, ("c",)))

    def test_further_away(self) -> None:
        """Whoever asked in its turn for another is told before it waits no longer itself."""
        self.asking.handle(FellBehind(3), 0.0)
        waits = []
        for number, wait in enumerate((2.0, 1.875, 1.0), 1):
            query = attrs.evolve(TOPO, id=an_id(number), wait=wait)
            self.asking.handle(NeighborAsked(1, query), 10.0 * number)
            waits.append(self.asking.wake_at - 10.0 * number)
            self.asking.handle(TimeCame(), 10.0 * number + 5.0)
        self.assertEqual(waits, [0.5, 0.46875, 0.25])

    def test_sufficed(self) -> None:
        """Once what has come will do, all others are waited for briefly, and none is late."""
        self.asking.handle(Asked(TOPO), 0.0)
        self.asked = TOPO
        self.asking.handle(Sufficed(TOPO.id), 0.2)
        self.asking.handle(Sufficed(TOPO.id), 0.6)
        self.assertEqual(self.take(), (0.7, ()))
        self.asking.handle(Sufficed(TOPO.id), 0.8)
        self.ask(2, 10.0)
        self.assertEqual(self.take(), (2.0, ("c",)))

    def test_all(self) -> None:
        """Where all were late, they keep back nobody: whoever asks waits for them as before."""
        for link in (1, 2, 3):
            self.asking.handle(FellBehind(link), 0.0)
        self.asking.handle(Asked(TOPO), 0.0)
        self.assertEqual(self.take(), (2.0, ("a", "b", "c")))
        query = attrs.evolve(TOPO, id=an_id(2))
        self.asking.handle(NeighborAsked(1, query), 10.0)
        # Another peer waits for what this one has itself.
        self.assertEqual(self.asking.wake_at, 10.5)

    def test_little_time(self) -> None:
        """One that was given little time, or asked in haste, is not late."""
        self.ask(1, 0.0, wait=1.0)
        self.take()
        self.ask(2, 5.0, is_hasty=True)
        self.take()
        self.ask(3, 10.0)
        self.assertEqual(self.take(), (2.0, ("c",)))

    def test_others(self) -> None:
        """Who was not late is waited for as before, and who comes anew, too."""
        self.asking.handle(FellBehind(3), 0.0)
        self.asking.handle(Asked(TOPO), 0.0)
        self.assertEqual(of_kind(self.asking.handle(TimeCame(), 0.5), Answer), [])
        [answer] = of_kind(self.asking.handle(TimeCame(), 2.0), Answer)
        self.assertEqual(answer.silent, ("c", "a", "b"))
        renew(self.asking)
        self.ask(2, 10.0)
        self.assertEqual(self.take(), (2.0, ("c",)))

    def test_gone(self) -> None:
        """What is said of one that is gone does no harm."""
        self.asking.handle(a_down(3), 1.0)
        self.asking.handle(FellBehind(3), 1.0)
        renew(self.asking, down=False)
        self.ask(1, 10.0)
        self.assertEqual(self.take(), (2.0, ("c",)))


def renew(asking: AnsweredRouter, down: bool = True) -> None:
    """Link with c again; a and b were never late."""
    if down:
        for link in (1, 2, 3):
            asking.handle(a_down(link), 5.0)
        for link, name in ((1, "a"), (2, "b")):
            asking.handle(an_up(link, name, since=5.0), 5.0)
    asking.handle(an_up(3, "c", since=5.0), 5.0)
