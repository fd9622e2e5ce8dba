"""Running downloads, shown now and then."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.progress_view import ProgressView
from p2p_twisted.download.progress import Progress, Waiting
from tests.console.fake_peer import running, saved


class ProgressViewTests(SynchronousTestCase):
    """What is shown, and when."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.shown: list[list[Progress]] = []
        self.view = ProgressView(self.clock, 5.0, lambda all_: self.shown.append(list(all_)))

    def test_now_and_then(self) -> None:
        """However often they change, they are shown once in a while, as they are then."""
        for received in range(100):
            self.view.watch(running(received=received))
        self.assertEqual(self.shown, [])
        self.clock.advance(5)
        self.assertEqual(self.shown, [[running(received=99)]])
        self.clock.advance(5)
        self.assertEqual(len(self.shown), 2)

    def test_end(self) -> None:
        """The end of the last one is shown at once, and then nothing."""
        self.view.watch(running(1))
        self.view.watch(running(2))
        self.view.watch(saved(1))
        self.assertEqual(self.shown, [])
        self.view.watch(saved(2))
        self.view.watch(saved(2))
        self.assertEqual(self.shown, [[]])
        self.clock.advance(60)
        self.assertEqual(self.shown, [[]])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_waiting_is_not_running(self) -> None:
        """A download that waits for a holder is not shown until it goes on."""
        self.view.watch(running())
        self.view.watch(running(state=Waiting()))
        self.clock.advance(5)
        self.assertEqual(self.shown, [[]])
        self.view.watch(running())
        self.clock.advance(5)
        self.assertEqual(self.shown[1:], [[running()]])
