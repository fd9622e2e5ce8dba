"""Running downloads in a line, at any width."""

import attrs
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.progress_line import progress_line, running_line
from p2p_twisted.console.text import cells
from p2p_twisted.download.progress import Contribution, Hashing, Progress, Receiving, Seeking
from tests.console.fake_peer import running

MIB = 1024 * 1024
LONG = "Lecture 08 - Distributed hash tables, Chord and Kademlia.mp4"


def at(rate: float, left: float, name: str = LONG) -> Progress:
    """Make a download of a name with 60 cells that takes so many seconds more."""
    holders = (Contribution("s4", 1, rate),)
    state = Receiving(rate, left, holders)
    return attrs.evolve(running(name=name, state=state), size=400 * MIB, received=36 * MIB)


class RunningLineTests(SynchronousTestCase):
    """All running downloads in one line."""

    def test_several(self) -> None:
        """Their sizes and rates are added up."""
        line = running_line([running(1), running(2, state=Seeking())])
        self.assertEqual(line, "2 downloads  [##########----------]  50 %  512 B/s  0:04 left")

    def test_none_delivers(self) -> None:
        """Without a rate nothing is said of it."""
        line = running_line([running(1, state=Seeking()), running(2, state=Seeking())])
        self.assertEqual(line, "2 downloads  [##########----------]  50 %")

    def test_hashing(self) -> None:
        """Of what has no id yet, how far its holder is."""
        for state, line in (
            (
                Hashing("s4", 45),
                "f1.txt  [#########-----------]  45 %  2.0 KiB  s4 is still hashing it",
            ),
            (
                Hashing("s4", 0, is_growing=True),
                "f1.txt  [--------------------]   0 %  2.0 KiB  s4 is still writing to it",
            ),
        ):
            self.assertEqual(running_line([running(state=state, received=0)]), line)

    def test_more_than_all(self) -> None:
        """However much has come of what should be short, the bar is no longer than it is."""
        line = running_line([running(size=7, received=20_000_000)])
        self.assertIn("100 %", line)
        self.assertLess(len(line), 100)

    def test_empty_file(self) -> None:
        """A file of no bytes has a bar, too."""
        self.assertIn("  0 %", running_line([running(size=0, received=0)]))


class WidthTests(SynchronousTestCase):
    """What gives way first."""

    def test_widths(self) -> None:
        """The source first, then the bar, then the name, then the size, and then the rate."""
        pace = "7.7 MiB/s  1:17 left"
        for width, line in [
            (199, f"{LONG}  [#-------------------]   9 %  400.0 MiB  {pace}  from s4"),
            (79, f"Lecture 08 - Di...mlia.mp4  [----------]   9 %  400.0 MiB  {pace}"),
            (59, f"Lecture 08...ia.mp4    9 %  400.0 MiB  {pace}"),
            (39, f"Lecture...    9 %  {pace}"),
            (30, f"9 %  {pace}"),
            (27, f"9 %  {pace}"),
            (19, "9 %  1:17 left"),
        ]:
            self.assertEqual(progress_line(at(7.7 * MIB, 77), width), line)

    def test_rate_and_time_left(self) -> None:
        """From 60 columns on, both are there, however long the name and large the figures."""
        for width in range(59, 200):
            line = progress_line(at(1_023.9 * MIB, 359_999), width)
            self.assertIn("1023.9 MiB/s", line)
            self.assertIn(" left", line)
            self.assertLessEqual(cells(line), width)

    @given(st.text(max_size=80), st.integers(10, 200), st.booleans())
    def test_any_name(self, name: str, width: int, delivers: bool) -> None:
        """Every line fits."""
        download = at(1_000.0, 10.0, name) if delivers else running(name=name, state=Seeking())
        self.assertLessEqual(cells(progress_line(download, width)), width)
