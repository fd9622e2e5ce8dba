"""
Serve what was pushed to this peer, and taken, to others that it was pushed to.

It does so until the offer ends, whether its sender is there or not: so who comes late gets it, and
all help each other. Nobody finds it by its name, and what was changed or removed is not served.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from attrs import define, field, frozen
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from p2p_twisted.library.download_index import DownloadIndex
from p2p_twisted.offers.known_offers import KnownOffer
from p2p_twisted.offers.limits import SEEDED_FILES
from p2p_twisted.offers.offer import Offer
from p2p_twisted.offers.seeded_lists import SeededFolder, SeededLists
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.wire.attributes import Attributes
from p2p_twisted.wire.manifest import BadManifest, Member
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import FileId, MessageId, PeerName
from p2p_twisted.wire.source import Source

# With what is taken, others are served from the first file of a folder on; the lists of what waits
# are kept.
_SERVED: Final = ("fetching", "saved")
_KEPT: Final = (*_SERVED, "waiting", "no space")
_CHECKED_SECONDS: Final = 10.0
# To look for very many files takes a thread a second.
_PAUSES_PER_CHECK: Final = 20


@define(eq=False)
class _Seed:
    """
    An offer that was taken.

    :ivar is_whole: whether all of it is here as it was, as far as is known.
    :ivar check_at: when that is looked at again, in seconds on the monotonic clock.
    """

    offer: Offer
    is_served: bool = False
    is_saved: bool = False
    is_whole: bool = False
    check_at: float = 0.0


@frozen
class SeedReader:
    """What one peer may read of what was pushed."""

    _seeding: "Seeding"
    _name: PeerName
    _groups: Collection[str]

    @property
    def is_settled(self) -> bool:
        """Whether it is all known."""
        return self._seeding.is_settled

    def open(self, file_id: FileId) -> "Deferred[Source | None]":
        """Open some of it; fires with ``None`` when it is not there, or not for that peer."""
        return Deferred.fromCoroutine(self._seeding.open_for(file_id, self._name, self._groups))

    def read_small(self, file_ids: Sequence[FileId]) -> "Deferred[Sequence[bytes | None]]":
        """Read the first of some small files of it."""
        return self._seeding.read_small_for(file_ids, self._name, self._groups)


@define(eq=False)
class Seeding:
    """
    Knows what was pushed to this peer, and what of it is here.

    :param index: finds what was downloaded.
    :param lists: keeps what the folders among it consist of.
    :param offload: calls what these do on the disk.
    :ivar is_settled: whether all that earlier runs have saved is known.
    """

    log = Logger()

    _index: DownloadIndex
    _lists: SeededLists
    _offload: Offload
    _clock: IReactorTime
    is_settled: bool = field(default=False, init=False)
    _is_open: bool = field(default=False, init=False)
    _seeds: dict[MessageId, _Seed] = field(factory=dict, init=False)
    _folders: dict[FileId, SeededFolder] = field(factory=dict, init=False)
    # What of it is here, by its content, as far as is known.
    _here: dict[FileId, Attributes] = field(factory=dict, init=False)

    async def start(self) -> None:
        """See what earlier runs have saved, as the index of downloads is open now."""
        self._is_open = True
        wanted = {seed.offer.file_id for seed in self._seeds.values()}
        await self._offload(self._lists.sweep, wanted)
        for seed in tuple(self._seeds.values()):
            await self._check(seed)
        self.is_settled = True

    # What is pushed, and comes

    def heard(self, known: KnownOffer) -> None:
        """Learn how this peer stands with an offer, or that it has ended: see ``OfferWatch``."""
        offer = known.offer
        if known.is_over or known.state not in _KEPT:
            self._drop(offer)
            return
        seed = self._seeds.setdefault(offer.id, _Seed(offer))
        was_saved, seed.is_saved = seed.is_saved, known.state == "saved"
        seed.is_served = known.state in _SERVED
        if seed.is_saved and not was_saved and self._is_open:
            background(self.log, "looking for what was pushed", self._check(seed))

    async def listed(self, folder: FileId, members: Sequence[Member]) -> None:
        """Keep what a folder consists of, if it was pushed."""
        if not self._is_pushed(folder):
            return
        self._folders.pop(folder, None)
        if self._is_too_much(len(members)):
            return
        try:
            self._folders[folder] = await self._offload(self._lists.keep, folder, members)
        except (OSError, BadManifest) as error:
            self.log.warn("a folder that was pushed is not given to others: {why}", why=error)

    def published(self, file_id: FileId) -> None:
        """Serve a file from now on, if it was pushed."""
        if self.covers(file_id):
            background(self.log, "looking for what was pushed", self._look_for([file_id]))

    # What others ask for

    def covers(self, file_id: FileId) -> bool:
        """Return whether content was pushed to this peer, and taken."""
        return any(self._covering(file_id))

    def is_for_group(self, file_id: FileId) -> bool:
        """Return whether who is in the right group may read some content."""
        return any(
            each.startswith("@") for seed in self._covering(file_id) for each in seed.offer.to
        )

    def is_here(self, file_id: FileId) -> bool:
        """Return whether some content is here, so that who does not get it is not meant."""
        return file_id in self._here or any(seed.is_whole for seed in self._covering(file_id))

    async def has_all(self, offer: Offer) -> bool:
        """Look whether all of what was saved of an offer is still here."""
        return offer.id in self._seeds and await self._check(self._seeds[offer.id])

    def name_of(self, file_id: FileId) -> str | None:
        """Name some content of it; ``None`` when it was not pushed."""
        return next((self._name(seed, file_id) for seed in self._covering(file_id)), None)

    async def hit(self, file_id: FileId, me: PeerName) -> Hit | None:
        """Tell that this peer has some content; ``None`` where it has not."""
        for seed in tuple(self._covering(file_id)):
            await self._check_again(seed)
            offer, name = seed.offer, self._name(seed, file_id)
            if offer.is_folder and file_id == offer.file_id and seed.is_whole:
                attributes = self._folders[file_id].attributes
                return Hit(me, name, offer.size, "folder", file_id, attributes=attributes)
            if (size := self._size(seed, file_id)) is not None and file_id in self._here:
                kept_of = self._here[file_id]
                modified, can_run = kept_of.modified, kept_of.is_executable
                return Hit(me, name, size, file=file_id, modified=modified, executable=can_run)
        return None

    def readable_by(self, name: PeerName, groups: Collection[str]) -> SeedReader:
        """Return what a peer may read of it that is in some groups, as far as is known."""
        return SeedReader(self, name, groups)

    async def open_for(
        self, file_id: FileId, name: PeerName, groups: Collection[str]
    ) -> Source | None:
        """Open what a peer may read; ``None`` when it may not, or it is not there any more."""
        seeds = [seed for seed in self._covering(file_id) if seed.offer.is_for(name, groups)]
        for seed in seeds:
            folder = self._folders.get(seed.offer.file_id)
            if folder is not None and file_id in folder.lists:
                await self._check_again(seed)
                if seed.is_whole:
                    return await self._offload(self._lists.open, folder, file_id)
        if not any(self._size(seed, file_id) is not None for seed in seeds):
            return None
        source = await self._offload(self._index.open, file_id)
        if source is None:
            self._lost(file_id)
        return source

    def read_small_for(
        self, file_ids: Sequence[FileId], name: PeerName, groups: Collection[str]
    ) -> "Deferred[Sequence[bytes | None]]":
        """Read the first of some small files that a peer may read."""

        def may_read(file_id: FileId) -> bool:
            seeds = (seed for seed in self._covering(file_id) if seed.offer.is_for(name, groups))
            return any(self._size(seed, file_id) is not None for seed in seeds)

        if not all(map(may_read, file_ids)):
            # One after the other: each may be somewhere else.
            return succeed([None])
        return self._offload(self._index.read_small, file_ids)

    # How it works

    def _covering(self, file_id: FileId) -> Iterator[_Seed]:
        """Yield what is served and consists of some content, or is listed by it."""
        for seed in self._seeds.values():
            folder = self._folders.get(seed.offer.file_id)
            is_part = folder is not None and (file_id in folder.files or file_id in folder.lists)
            if seed.is_served and (is_part or file_id == seed.offer.file_id):
                yield seed

    def _size(self, seed: _Seed, file_id: FileId) -> int | None:
        """Return how large a file of an offer is; ``None`` where that is none of its files."""
        if not seed.offer.is_folder:
            return seed.offer.size
        member = self._member(seed, file_id)
        return None if member is None else member.size

    def _name(self, seed: _Seed, file_id: FileId) -> str:
        member = self._member(seed, file_id)
        return seed.offer.name if member is None else member.path.rpartition("/")[2]

    def _member(self, seed: _Seed, file_id: FileId) -> Member | None:
        folder = self._folders.get(seed.offer.file_id)
        return None if folder is None else folder.files.get(file_id)

    def _is_pushed(self, file_id: FileId) -> bool:
        return any(seed.offer.file_id == file_id for seed in self._seeds.values())

    async def _check_again(self, seed: _Seed) -> None:
        """See what is here of what was saved, unless that was just done."""
        if self._clock.seconds() >= seed.check_at:
            await self._check(seed)

    async def _check(self, seed: _Seed) -> bool:
        """See how much is here of what was saved; return whether that is all."""
        if not seed.is_saved:
            return False
        offer, began = seed.offer, self._clock.seconds()
        seed.check_at = began + _CHECKED_SECONDS
        if offer.is_folder and offer.file_id not in self._folders:
            await self._read(offer.file_id)
        folder = self._folders.get(offer.file_id)
        if offer.is_folder and folder is None:
            return False
        files = [offer.file_id] if folder is None else list(folder.files)
        seed.is_whole = await self._look_for(files)
        seed.check_at += _PAUSES_PER_CHECK * (self._clock.seconds() - began)
        return seed.is_whole

    async def _look_for(self, file_ids: Sequence[FileId]) -> bool:
        """Look for content among what was downloaded; return whether all of it is here."""
        found = await self._offload(self._index.attributes_of, file_ids)
        for file_id in file_ids:
            self._here.pop(file_id, None)
        self._here.update(found)
        return len(found) == len(file_ids)

    async def _read(self, file_id: FileId) -> None:
        try:
            folder = await self._offload(self._lists.read, file_id)
        except (OSError, BadManifest) as error:
            self.log.debug("a folder is not given to others: {why}", why=error)
        else:
            if not self._is_too_much(len(folder.files)):
                self._folders[file_id] = folder

    def _is_too_much(self, files: int) -> bool:
        return files + sum(len(each.files) for each in self._folders.values()) > SEEDED_FILES

    def _lost(self, file_id: FileId) -> None:
        """Tell nobody any more that something is here."""
        self._here.pop(file_id, None)
        for seed in self._covering(file_id):
            seed.is_whole = False

    def _drop(self, offer: Offer) -> None:
        """Serve nothing more of an offer, unless another one has the same content."""
        if self._seeds.pop(offer.id, None) is None or self._is_pushed(offer.file_id):
            return
        folder = self._folders.pop(offer.file_id, None)
        for file_id in [offer.file_id] if folder is None else folder.files:
            if not self.covers(file_id):
                self._here.pop(file_id, None)
        if offer.is_folder:
            forgetting = self._offload(self._lists.forget, offer.file_id)
            background(self.log, "forgetting what was pushed", forgetting)
