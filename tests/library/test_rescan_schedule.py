"""When a library scans which folders."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library.entries import Place, Visit
from p2p_twisted.library.rescan_schedule import RescanSchedule

ROOT = [Visit(Place(), True)]


def begun(took: float = 0.0) -> RescanSchedule:
    """Make a schedule whose first scan took some seconds, and ended at 0."""
    schedule = RescanSchedule(Place())
    schedule.take_due(-took)
    schedule.record_scan(-took, 0)
    return schedule


class RescanScheduleTests(SynchronousTestCase):
    """What is due when."""

    def test_first(self) -> None:
        """Everything is scanned first, and again every minute."""
        schedule = RescanSchedule(Place())
        self.assertEqual(schedule.take_due(0), ROOT)
        schedule.record_scan(0, 0)
        self.assertEqual((schedule.next_time(), schedule.take_due(59)), (60, []))
        self.assertEqual(schedule.take_due(60), ROOT)

    def test_gathered(self) -> None:
        """Changes are gathered for a moment; the deeper scan counts."""
        schedule = begun()
        schedule.note(Place("a", "a"), True, 1)
        schedule.note(Place("a", "a"), False, 1.05)
        schedule.note(Place("b", "b"), False, 1.05)
        self.assertEqual((schedule.next_time(), schedule.take_due(1.05)), (1.1, []))
        visits = [Visit(Place("a", "a"), True), Visit(Place("b", "b"), False)]
        self.assertEqual(schedule.take_due(1.1), visits)
        self.assertEqual(schedule.take_due(1.2), [])

    def test_everything(self) -> None:
        """A deep scan of the root covers everything."""
        schedule = begun()
        schedule.note(Place("a", "a"), True, 1)
        schedule.note(Place(), True, 1)
        self.assertEqual(schedule.take_due(2), ROOT)

    def test_rests(self) -> None:
        """Slow scans are made less often."""
        schedule = begun(took=4)
        schedule.note(Place("a", "a"), False, 1)
        self.assertEqual(schedule.next_time(), 20)
        schedule.take_due(20)
        schedule.record_scan(20, 20)
        self.assertEqual(schedule.next_time(), 80)

    def test_noted_meanwhile(self) -> None:
        """A change during a scan is scanned after it."""
        schedule = begun()
        schedule.note(Place("a", "a"), False, 1)
        schedule.take_due(2)
        schedule.note(Place("b", "b"), False, 2.5)
        schedule.record_scan(2, 3)
        self.assertEqual(schedule.next_time(), 8)

    def test_blind(self) -> None:
        """Full scans are frequent only while some folder is not watched."""
        schedule = begun()
        schedule.is_blind = True
        schedule.record_scan(1, 1)
        self.assertEqual(schedule.next_time(), 6)
        schedule.take_due(6)
        schedule.record_scan(6, 6)
        self.assertEqual(schedule.next_time(), 66)
