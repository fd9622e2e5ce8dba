"""Build what a peer has of its own: its files, what it shares, and where downloads land."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from attrs import frozen

from p2p_twisted.explain.question_log import QuestionLog
from p2p_twisted.library.cache import HashCache
from p2p_twisted.library.download_index import DownloadIndex
from p2p_twisted.library.library import Library
from p2p_twisted.offers.seeded_lists import SeededLists
from p2p_twisted.offers.seeding import Seeding
from p2p_twisted.peer.local_content import LocalContent
from p2p_twisted.peer.peer_context import PeerContext
from p2p_twisted.peer.shared import SharedLibraries
from p2p_twisted.runtime.flush import flush_all
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.partial import PartialRegister
from p2p_twisted.storage.state import StateDirectory


@frozen(slots=False)
class LocalParts:
    """Makes those parts of a peer that need no network, each once, when needed."""

    context: PeerContext

    @cached_property
    def state(self) -> StateDirectory:
        """What is still known after a crash."""
        return StateDirectory(self.context.settings.state)

    @cached_property
    def shared(self) -> SharedLibraries:
        """What others may have."""
        return SharedLibraries.of(self.context.settings, self._library, self.context.announce)

    def _library(
        self, directory: Path, store: str, excluded: Sequence[Path], **names: Any
    ) -> Library:
        context = self.context
        settings, disks = context.settings, context.disks
        return Library(
            directory,
            excluded=(*excluded, settings.state, *settings.own_files),
            cache=HashCache(self.state.folder, f"{store}.db", context.wall),
            lists=self.state.folder.below(f"{store}.lists"),
            clock=context.reactor,
            offload=context.offload,
            opening=disks.opening,
            parallel_map=disks.parallel_map,
            process_map=disks.process_map,
            make_watcher=context.watcher_for(directory),
            wall=context.wall,
            **names,
        )

    @cached_property
    def earlier(self) -> DownloadIndex:
        """An index of what was downloaded."""
        cache = HashCache(self.state.folder, "downloads.db", self.context.wall, finds_ids=True)
        return DownloadIndex(self.context.settings.downloads, cache)

    @cached_property
    def content(self) -> LocalContent:
        """Content that need not be downloaded."""
        return LocalContent(self.shared, self.earlier, self.seeding, self.context.offload)

    @cached_property
    def seeding(self) -> Seeding:
        """What was pushed to this peer, for the others that it was pushed to."""
        lists = SeededLists(self.state.folder.below("pushed.lists"))
        return Seeding(self.earlier, lists, self.context.offload, self.context.reactor)

    @cached_property
    def inbox(self) -> Inbox:
        """Where downloads land."""
        settings = self.context.settings
        return Inbox(
            str(settings.downloads),
            keep=self.earlier.keep,
            known=self.earlier.id_of,
            keeps_times=settings.keeps_times,
            flush_all=flush_all,
        )

    @cached_property
    def questions(self) -> QuestionLog:
        """The last questions to others."""
        return QuestionLog(self.context.reactor.seconds)

    @cached_property
    def partials(self) -> PartialRegister:
        """Unfinished downloads that others may be served from."""
        # Whoever asks for one by its id need not be in the group that it comes from; what is pushed
        # comes from none.
        groups, seeding = self.context.groups, self.seeding
        return PartialRegister(lambda file_id: not groups or seeding.covers(file_id))
