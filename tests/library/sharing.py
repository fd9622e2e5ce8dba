"""A library over a temporary directory, with time and watching in the test's hands."""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library.cache import HashCache
from p2p_twisted.library.entries import Place
from p2p_twisted.library.hashing import Job
from p2p_twisted.library.ignoring import Ignoring
from p2p_twisted.library.library import Library
from p2p_twisted.library.listing import list_folder
from p2p_twisted.library.watcher import Noticed
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.runtime.threads import Offload, inline
from p2p_twisted.wire.names import FileId
from p2p_twisted.wire.source import Source

T = TypeVar("T")

WALL = 2_000_000_000.0
"""What the wall clock of these tests shows; files are older, unless made fresh."""


class FakeWatcher:
    """A watcher that notices what the test tells it."""

    def __init__(self) -> None:
        self.tell: Noticed = lambda place, is_deep, closed: None
        self.watched: list[Place] = []
        self.is_stopped = False
        self.has_room = True

    def make(self, noticed: Noticed) -> "FakeWatcher":
        """Be made for a library."""
        self.tell = noticed
        return self

    def watch(self, place: Place) -> bool:
        self.watched.append(place)
        return self.has_room

    def stop(self) -> None:
        self.is_stopped = True


class Sharer:
    """A library, and what the test controls of it."""

    def __init__(
        self, test: SynchronousTestCase, offload: Offload = inline, own_files: Sequence[Path] = ()
    ) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="library-"))
        test.addCleanup(shutil.rmtree, self.base, ignore_errors=True)
        self.directory = self.base / "s1"
        self.downloads = self.directory / "Downloads"
        self.state = self.base / "state"
        self.state.mkdir(mode=0o700)
        self.own_files = own_files
        self.offload = offload
        self.opening: Offload = inline
        self._begin()
        test.addCleanup(self._close)

    def restart(self) -> None:
        """Begin anew over the same files, as after a crash."""
        self._close()
        self._begin()

    def _close(self) -> None:
        """Close what a crashed process had open, as the system does."""
        self.library._scanner.close()

    def _begin(self) -> None:
        self.clock = Clock()
        self.watcher = FakeWatcher()
        self.hashed: list[str] = []
        self.library = Library(
            self.directory,
            excluded=(self.downloads, *self.own_files),
            cache=HashCache(OwnFolder(self.state), "library.db", self.wall),
            lists=OwnFolder(self.state).below("lists"),
            clock=self.clock,
            offload=self._offload,
            opening=lambda function, *args: self.opening(function, *args),
            make_watcher=self.watcher.make,
            wall=self.wall,
        )

    def wall(self) -> float:
        """Tell wall time."""
        return WALL + self.clock.seconds()

    def start(self) -> Library:
        """Start it; with an inline offload everything old is then hashed."""
        self.library.start()
        return self.library

    def file(self, path: str, content: bytes = b"content", age: float = 60.0) -> Path:
        """Write a file that was last changed some seconds ago."""
        target = self.directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        written = WALL + self.clock.seconds() - age
        os.utime(target, (written, written))
        return target

    def noticed(self, path: str = "", is_deep: bool = True, closed: str | None = None) -> None:
        """Let the watcher notice something, and the library look."""
        self.watcher.tell(Place(path, path), is_deep, closed)
        self.clock.advance(0.2)

    def names(self) -> list[str]:
        """List what is shared."""
        return [shared.name for shared in self.library.catalog.all(10_000)]

    def id_of(self, name: str) -> FileId:
        """Return the id of what is shared, and hashed, under a name."""
        (shared,) = self.library.catalog.named(name, 1)
        assert shared.file_id is not None
        return shared.file_id

    def opened(self, name: str) -> Source:
        """Open a shared file or folder."""
        source = open_now(self.library, self.id_of(name))
        assert source is not None
        return source

    def unshared(self) -> dict[str, str]:
        """Give what cannot be shared, and why."""
        return dict(self.library.summary().unshared)

    def _offload(self, function: Callable[..., T], *args: object) -> "Deferred[T]":
        if function.__name__ == "hash":
            self.hashed += [job.on_disk.name for job in args[0]]  # type: ignore[attr-defined]
        return self.offload(function, *args)


def open_now(library: Library, file_id: FileId) -> Source | None:
    """Open content, of which no disk stands still."""
    opened: list[Source | None] = []
    library.open(file_id).addCallback(opened.append)
    return opened[0]


def found(sharer: Sharer, name: str) -> Job:
    """Make a job for a file that is there."""
    listed = list_folder(
        sharer.directory, Place(), frozenset(), lambda: False, Ignoring(sharer.directory)
    )
    return Job(listed.files[name])
