"""With which code a script ends."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.exits import Exits
from p2p_twisted.download.progress import (
    Blocked,
    Canceled,
    Failed,
    Incomplete,
    Paused,
    Progress,
    Saved,
    State,
    Waiting,
)
from p2p_twisted.runtime.exit_status import Exit


def ended(state: State, received: int = 0) -> Progress:
    return Progress(1, "f1", "1" * 16, 10, received, state=state)


class ExitsTests(SynchronousTestCase):
    def test_lines(self) -> None:
        """What fails in one way has its code; what fails in several ways is some of several."""
        exits = Exits()
        self.assertEqual(exits.code, 0)
        for failure, code in (
            (Exit.NOT_FOUND, 4),
            (Exit.NOT_FOUND, 4),
            (Exit.NO_NETWORK, 10),
            (Exit.NOT_FOUND, 10),
        ):
            exits.add(failure)
            self.assertEqual(exits.code, code)

    def test_downloads(self) -> None:
        """How a download ends says what a script can do about it."""
        for state, received, code in (
            (Saved("Downloads/f1", 1.0), 10, 0),
            (Failed("the disk cannot write"), 5, 8),
            (Failed("it has other content", exit=Exit.UNVERIFIED), 5, 5),
            (Failed("unexpected", exit=Exit.UNEXPECTED), 5, 1),
            (Waiting(), 5, 6),
            (Blocked("the disk is full"), 5, 6),
            (Paused(), 5, 6),
            (Canceled(), 5, 6),
            (Incomplete("Downloads/d", ("d/f2",), 1.0), 5, 10),
            (Incomplete("Downloads/d", ("d/f2",), 1.0), 0, 4),
        ):
            self.assertEqual(ended(state, received).exit, code, state)

    def test_documented(self) -> None:
        """The README says what each code means."""
        readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
        for code in Exit:
            self.assertIn(f"\n| {code.value} | ", readme)
