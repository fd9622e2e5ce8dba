"""What every download works with."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from random import Random
from typing import Any, Final, TypeVar

import attrs
from twisted.internet.interfaces import IReactorTime

from p2p_twisted.bandwidth.limiter import Bandwidth
from p2p_twisted.download.download_network import DownloadNetwork
from p2p_twisted.download.download_slots import DownloadSlots
from p2p_twisted.download.file_readers import ReadableDownloads
from p2p_twisted.download.local_copies import LocalCopies
from p2p_twisted.download.seeds import NoSeeds, Seeds
from p2p_twisted.download.tickets import Tickets
from p2p_twisted.explain.download_account import DownloadAccount
from p2p_twisted.runtime.disk_thread import Writing
from p2p_twisted.runtime.few_per_turn import FewPerTurn
from p2p_twisted.runtime.gate import Gate
from p2p_twisted.runtime.parallel_map import ParallelMap, in_turn
from p2p_twisted.runtime.tasks import uninterrupted, while_wanted
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.journal import Journal
from p2p_twisted.storage.partial import PartialRegister
from p2p_twisted.storage.path_locks import PathLocks

# Each may need a flush of the disk: so many take less than a second even on a slow one.
_ITEMS_AT_ONCE: Final = 64
# Those that need no flush take some milliseconds. In fewer, a thread is mostly waited for.
_LISTED_AT_ONCE: Final = 1_000

T = TypeVar("T")


@attrs.frozen
class DownloadDisk:
    """
    Where downloads are written.

    :ivar inbox: where files land.
    :ivar manifests: where manifests are kept while what they list is downloaded.
    :ivar journal: what is wanted, for the next run.
    :ivar offload: calls what blocks.
    :ivar writing: calls what writes chunks, one after the other; what it returns has fired
        already, unless the disk is slow or a core is idle.
    :ivar parallel_map: spreads what takes long over all cores, within what ``offload`` calls.
    :ivar locks: let only one download at a time write to a part file.
    """

    inbox: Inbox
    journal: Journal
    offload: Offload
    writing: Writing
    parallel_map: ParallelMap = in_turn
    manifests: Inbox = attrs.field(init=False)
    locks: PathLocks = attrs.field(init=False, factory=PathLocks)

    async def call(self, function: Callable[..., T], *args: Any) -> T:
        """
        Call what blocks.

        :raises CancelledError: when the download was canceled meanwhile, once it has ended.
        """
        return await uninterrupted(self.offload(function, *args))

    async def call_while_wanted(self, function: Callable[..., T], *args: Any) -> T:
        """
        Call what blocks for long: see :func:`while_wanted`.

        :raises CancelledError: as :meth:`call` does, as soon as it has asked.
        """
        return await while_wanted(self.offload, function, *args)

    async def each(self, function: Callable[[Sequence[T]], Any], items: Iterable[T]) -> None:
        """
        Call what blocks with some items at a time, so that a cancellation waits for few.

        :param items: may block, too.
        """
        await self._each(function, items, _ITEMS_AT_ONCE)

    async def each_listed(self, function: Callable[[Sequence[T]], Any], items: Iterable[T]) -> None:
        """Call what blocks as :meth:`each` does, with more items at a time: none takes a flush."""
        await self._each(function, items, _LISTED_AT_ONCE)

    async def all(self, items: Iterable[T]) -> list[T]:
        """List items that take long to read, in pieces as :meth:`each_listed` does."""
        found: list[T] = []
        await self.each_listed(found.extend, items)
        return found

    async def _each(
        self, function: Callable[[Sequence[T]], Any], items: Iterable[T], at_once: int
    ) -> None:
        rest = iter(items)

        def take_some() -> bool:
            some = list(islice(rest, at_once))
            if some:
                function(some)
            return bool(some)

        while await self.call(take_some):
            pass

    @manifests.default
    def _beside_the_journal(self) -> Inbox:
        return Inbox(str(self.journal.folder.path / "manifests"))


@attrs.frozen
class DownloadPeers:
    """
    How holders are found, asked, and recognized when they deliver.

    :ivar tickets: what was asked of them.
    """

    network: DownloadNetwork
    tickets: Tickets


@attrs.frozen
class LocalSources:
    """
    What is here already.

    :ivar copies: content of this peer's own files, which need not be downloaded.
    :ivar partials: what others can be served from while it is downloaded.
    :ivar readable: what this peer's own user can read meanwhile.
    :ivar seeds: is told what has come, and serves what was pushed to others.
    """

    copies: LocalCopies
    partials: PartialRegister
    readable: ReadableDownloads = attrs.field(init=False, factory=ReadableDownloads)
    seeds: Seeds = attrs.field(factory=NoSeeds)


@attrs.frozen(kw_only=True)
class DownloadContext:
    """
    What every download works with.

    :ivar rng: decides which chunks are asked for first.
    :ivar bandwidth: of all transfers of this peer.
    :ivar slots: one for each download that receives.
    :ivar processor: reads how long this thread has run on a core, or lacked one, in seconds.
    :ivar has_next_run: whether what is not complete at the end goes on then; else it is removed.
    :ivar joined: opens when this peer is in its network, so that others can be asked.
    :ivar few_per_turn: is passed by each before it begins, goes on or ends: hundreds take long.
    """

    clock: IReactorTime
    rng: Random
    disk: DownloadDisk
    peers: DownloadPeers
    bandwidth: Bandwidth
    local: LocalSources
    processor: Callable[[], float] = lambda: 0.0
    has_next_run: bool = True
    joined: Gate = attrs.field(factory=Gate)
    slots: DownloadSlots = attrs.field(init=False)
    few_per_turn: FewPerTurn = attrs.field(init=False)

    @slots.default
    def _as_many_as_may_receive(self) -> DownloadSlots:
        return DownloadSlots(self.bandwidth, self.local.readable)

    @few_per_turn.default
    def _of_all_downloads(self) -> FewPerTurn:
        return FewPerTurn(self.clock)

    def new_account(self) -> DownloadAccount:
        """Begin to keep how one more download goes."""
        writing = self.disk.writing
        return DownloadAccount(self.clock.seconds, self.processor, lambda: writing.core_wanted)
