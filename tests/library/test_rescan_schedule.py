"""When a library looks where."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library.entries import Place, Visit
from p2p_twisted.library.rescan_schedule import RescanSchedule

ROOT = [Visit(Place(), True)]


def begun(took: float = 0.0) -> RescanSchedule:
    """Make an agenda whose first look took some seconds, and ended at 0."""
    agenda = RescanSchedule()
    agenda.take_due(-took)
    agenda.record_scan(-took, 0)
    return agenda


class AgendaTests(SynchronousTestCase):
    """What is due when."""

    def test_first(self) -> None:
        """Everything is looked at first, and again every minute."""
        agenda = RescanSchedule()
        self.assertEqual(agenda.take_due(0), ROOT)
        agenda.record_scan(0, 0)
        self.assertEqual((agenda.next_time(), agenda.take_due(59)), (60, []))
        self.assertEqual(agenda.take_due(60), ROOT)

    def test_gathered(self) -> None:
        """Changes are gathered for a moment; the deeper look counts."""
        agenda = begun()
        agenda.note(Place("a", "a"), True, 1)
        agenda.note(Place("a", "a"), False, 1.05)
        agenda.note(Place("b", "b"), False, 1.05)
        self.assertEqual((agenda.next_time(), agenda.take_due(1.05)), (1.1, []))
        visits = [Visit(Place("a", "a"), True), Visit(Place("b", "b"), False)]
        self.assertEqual(agenda.take_due(1.1), visits)
        self.assertEqual(agenda.take_due(1.2), [])

    def test_everything(self) -> None:
        """A deep look at the root is a look at everything else, too."""
        agenda = begun()
        agenda.note(Place("a", "a"), True, 1)
        agenda.note(Place(), True, 1)
        self.assertEqual(agenda.take_due(2), ROOT)

    def test_rests(self) -> None:
        """Where looking takes long, it is done less often."""
        agenda = begun(took=4)
        agenda.note(Place("a", "a"), False, 1)
        self.assertEqual(agenda.next_time(), 20)
        agenda.take_due(20)
        agenda.record_scan(20, 20)
        self.assertEqual(agenda.next_time(), 80)

    def test_noted_meanwhile(self) -> None:
        """What changes during a look is looked at after it."""
        agenda = begun()
        agenda.note(Place("a", "a"), False, 1)
        agenda.take_due(2)
        agenda.note(Place("b", "b"), False, 2.5)
        agenda.record_scan(2, 3)
        self.assertEqual(agenda.next_time(), 8)

    def test_blind(self) -> None:
        """It looks often while not everything is watched, and only then."""
        agenda = begun()
        agenda.is_blind = True
        agenda.record_scan(1, 1)
        self.assertEqual(agenda.next_time(), 6)
        agenda.take_due(6)
        agenda.record_scan(6, 6)
        self.assertEqual(agenda.next_time(), 66)
