"""Build what a peer has of its own: its files, what it shares, and where downloads land."""

import time
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from attrs import frozen

from p2p_twisted.explain.question_log import QuestionLog
from p2p_twisted.library.cache import HashCache
from p2p_twisted.library.download_index import DownloadIndex
from p2p_twisted.library.library import Library
from p2p_twisted.library.watcher import WatcherMaker
from p2p_twisted.offers.seeded_lists import SeededLists
from p2p_twisted.offers.seeding import Seeding
from p2p_twisted.peer.address_watch import AddressWatch
from p2p_twisted.peer.local_content import LocalContent
from p2p_twisted.peer.settings import Settings
from p2p_twisted.peer.shared import SharedLibraries
from p2p_twisted.runtime.disk_thread import DiskThreads
from p2p_twisted.runtime.flush import flush_all
from p2p_twisted.runtime.idle_cores import had_or_lacked_core
from p2p_twisted.runtime.reactor import Reactor
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.partial import PartialRegister
from p2p_twisted.storage.state import StateDirectory


@frozen(slots=False, kw_only=True)
class LocalParts:
    """
    Makes those parts of a peer that others never see, each once, when needed.

    :ivar offload: calls what blocks; ``disks``, what is mostly too quick for that.
    :ivar watcher_for: makes what notices changes below a directory.
    :ivar announce: is told what a person should know.
    :ivar wall: reads wall time in seconds, to which files' times of change compare.
    :ivar core_wanted: reads how long this thread has run on a core, or waited for one, in seconds.
    """

    settings: Settings
    reactor: Reactor
    offload: Offload
    disks: DiskThreads
    watcher_for: Callable[[Path], WatcherMaker]
    announce: Callable[[str], None]
    wall: Callable[[], float] = time.time
    core_wanted: Callable[[], float] = had_or_lacked_core

    @cached_property
    def state(self) -> StateDirectory:
        """What is still known after a crash."""
        return StateDirectory(self.settings.state)

    @cached_property
    def address_watch(self) -> AddressWatch:
        """What notices that this machine has another address."""
        return AddressWatch(self.settings, self.reactor, self.offload)

    @cached_property
    def shared(self) -> SharedLibraries:
        """What others may have."""
        return SharedLibraries.of(self.settings, self._library, self.announce)

    def _library(
        self, directory: Path, store: str, excluded: Sequence[Path], **names: Any
    ) -> Library:
        return Library(
            directory,
            excluded=(*excluded, self.settings.state, *self.settings.own_files),
            cache=HashCache(self.state.folder, f"{store}.db", self.wall),
            lists=self.state.folder.below(f"{store}.lists"),
            clock=self.reactor,
            offload=self.offload,
            opening=self.disks.opening,
            parallel_map=self.disks.parallel_map,
            make_watcher=self.watcher_for(directory),
            wall=self.wall,
            **names,
        )

    @cached_property
    def earlier(self) -> DownloadIndex:
        """An index of what was downloaded."""
        cache = HashCache(self.state.folder, "downloads.db", self.wall, finds_ids=True)
        return DownloadIndex(self.settings.downloads, cache)

    @cached_property
    def local(self) -> LocalContent:
        """Content that need not be downloaded."""
        return LocalContent(self.shared, self.earlier, self.seeding, self.offload)

    @cached_property
    def seeding(self) -> Seeding:
        """What was pushed to this peer, for the others that it was pushed to."""
        lists = SeededLists(self.state.folder.below("pushed.lists"))
        return Seeding(self.earlier, lists, self.offload, self.reactor)

    @cached_property
    def inbox(self) -> Inbox:
        """Where downloads land."""
        keep, known = self.earlier.keep, self.earlier.id_of
        folder, keeps_times = str(self.settings.downloads), self.settings.keeps_times
        return Inbox(folder, keep=keep, known=known, keeps_times=keeps_times, flush_all=flush_all)

    @cached_property
    def questions(self) -> QuestionLog:
        """The last questions to others."""
        return QuestionLog(self.reactor.seconds)

    @cached_property
    def partials(self) -> PartialRegister:
        """Unfinished downloads that others may be served from."""
        return PartialRegister()
