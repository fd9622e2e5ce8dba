"""The power fails while small files are saved, many at a time."""

import shutil

import pytest

from tests.process import test_abuse_power, together_writer
from tests.process.together_writer import AT_ONCE

_CUTS = 12


@pytest.mark.slow
class TogetherTests(test_abuse_power.PowerTests):
    """The same file system, and the same cuts."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(test_abuse_power, "inbox_writer", together_writer)
        self.patch(test_abuse_power, "content_of", together_writer.content_of)
        self.patch(test_abuse_power, "name_of", together_writer.name_of)

    def test_cuts(self) -> None:
        """What was announced is there, and no name stands for anything but the whole file."""
        announced = 0
        for cut in range(_CUTS):
            first = cut * 1_000_000
            saved = self.saved_until_cut(first)
            present = self.present()
            self.assertEqual(set(saved) - present, set())
            # Any that was being saved may have its name already, and whole content: those of two
            # jobs whose names are not announced yet, and of the next two.
            at_work = range(first, first + len(saved) + 4 * AT_ONCE)
            self.assertEqual(present - {*saved, *at_work}, set())
            announced += len(saved)
            shutil.rmtree(self.folder / "Downloads")
        self.assertGreater(announced, 0)
