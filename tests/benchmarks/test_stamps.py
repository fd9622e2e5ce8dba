"""The clock of a push."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.lab.stamps import push_seconds


class StampTests(SynchronousTestCase):
    def test_last_push(self) -> None:
        """It runs from the last push that came to the last publication."""
        path = Path(self.mktemp())
        path.write_text("pushed 1.5\npublished 2.5\npushed 4.25\npublished 4.75\n")
        self.assertEqual(push_seconds(path), 0.5)
