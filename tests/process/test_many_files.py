"""Folders of thousands of files between real daemons, which are killed while they are fetched."""

import filecmp
import time
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.storage.published import PublishedRecord
from tests.process.daemons import wait_until
from tests.process.networks import Network

FILES = 4_000
_SAVED_SECONDS = 120.0
# Of 1.1 MB: nobody has all before it is killed, however quick the machine.
_SLOWLY = ("--max-up", "200K")


@pytest.mark.slow
class ManyFilesTests(SynchronousTestCase):
    """A holder, and a requester that dies in the middle."""

    def setUp(self) -> None:
        self.network = Network(self)
        for number in range(FILES):
            content = f"{number}\n".encode() * 50
            self.network.write(f"s1/many/d{number % 7}/f{number}.txt", content)
        (self.network.directory / "s1" / "many" / "bare" / "branch").mkdir(parents=True)
        self.network.start_registry()
        self.holder = self.network.start_peer("s1", *_SLOWLY)
        self.requester = self.network.start_peer("s2")
        self.holder.wait_until_shared(FILES, _SAVED_SECONDS)
        self.target = self.network.directory / "s2" / "Downloads" / "many"

    def saved(self) -> list[Path]:
        return [path for path in self.target.rglob("[!.]*") if path.is_file()]

    def assert_complete(self) -> None:
        state = self.network.directory / "s2" / ".p2p" / "wants"
        wait_until(lambda: not list(state.glob("*.*")), "the end of all wants", _SAVED_SECONDS)
        self.assert_same(filecmp.dircmp(self.network.directory / "s1" / "many", self.target))
        self.assertEqual(self.network.leftovers(), [])

    def assert_same(self, pair: "filecmp.dircmp[str]") -> None:
        self.assertEqual((pair.left_only, pair.right_only, pair.diff_files), ([], [], []))
        for below in pair.subdirs.values():
            self.assert_same(below)

    def test_killed(self) -> None:
        """It goes on by itself, and keeps what had been published."""
        self.requester.type("get many")
        for part in (FILES // 8, FILES // 2):
            wait_until(lambda part=part: len(self.saved()) > part, "some files", _SAVED_SECONDS)
            self.requester.kill()
            before = {path: path.stat().st_ino for path in self.saved()}
            self.assertLess(len(before), FILES)
            folder = self.network.directory / "s2" / ".p2p" / "wants"
            (record,) = folder.glob("*.published")
            published = PublishedRecord(OwnFolder(folder), record.name).read()
            self.assertGreater(len(published), len(before) // 2)
            self.requester = self.network.start_peer("s2")
        self.assert_complete()
        self.assertEqual({path: path.stat().st_ino for path in before}, before)

    def test_holder_killed(self) -> None:
        """When its holder is back, it goes on."""
        self.requester.type("get many")
        wait_until(lambda: len(self.saved()) > FILES // 4, "some files", _SAVED_SECONDS)
        self.holder.kill()
        time.sleep(1.0)
        self.assertLess(len(self.saved()), FILES)
        self.holder = self.network.start_peer("s1", *_SLOWLY)
        self.assert_complete()
