"""Get models that no peer has from an origin, once, and share them with all."""

import hashlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final
from urllib.parse import quote

from attrs import define, evolve, field
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from p2p_twisted.gateway import limits
from p2p_twisted.gateway.coming_file import ComingFile
from p2p_twisted.gateway.hub_listing import LISTING, BadListing, HubListing, ListedFile, listed
from p2p_twisted.gateway.origin_client import OriginBody, OriginClient, OriginFault
from p2p_twisted.peer.content_reading import ContentReading
from p2p_twisted.peer.interface import Read
from p2p_twisted.peer.open_content import OpenContent
from p2p_twisted.peer.sharing import Begun, unread
from p2p_twisted.peer_errors import Exists, NotFound, NotReady, PeerError
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.lock import Semaphore
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.wire.messages import Hit

Share = Callable[[str, Read, int | None, Begun], Awaitable[str]]
"""Writes a file into what the peer shares: see :class:`.Sharing`."""

_SHA256_DIGITS: Final = 64
_LOOK_SECONDS: Final = 0.25
_MODELS: Final = "models"
_DATASETS: Final = "datasets"


@define(eq=False)
class OriginModels:
    """
    Fetches each file once, whoever asks for it, and how often; checks it, and shares it.

    Once all of a model is here, its list is shared, by which others find it.

    :param me: this peer's name.
    :param offload: calls what reads from a disk.
    """

    log = Logger()

    _client: OriginClient
    _reading: ContentReading
    _share: Share
    _clock: IReactorTime
    _me: str
    _offload: Offload
    # By its name here.
    _running: dict[str, ComingFile] = field(factory=dict, init=False)
    _doubted: dict[str, None] = field(factory=dict, init=False)
    # Of models on their way, the first files, as far as they are here.
    _here: dict[str, list[ListedFile]] = field(factory=dict, init=False)
    _telling: set[str] = field(factory=set, init=False)
    _told: set[str] = field(factory=set, init=False)
    _slots: Semaphore = field(init=False)

    @_slots.default
    def _as_many_as_may(self) -> Semaphore:
        return Semaphore(limits.ORIGIN_FETCHES_AT_ONCE)

    async def find(self, folder: str, revision: str) -> HubListing:
        """
        Ask the origin for a version of a model or data set.

        :param folder: what it is called in the network: a data set is below that of all.
        :raises NotFound: when it has none.
        :raises OriginFault: when it does not answer as it should.
        """
        above, _, name = folder.partition("/")
        kind, name = (_DATASETS, name) if above == _DATASETS else (_MODELS, folder)
        path = f"api/{kind}/{quote(name)}/revision/{quote(revision, safe='')}?blobs=true"
        try:
            return listed(await self._client.list(path), folder)
        except BadListing as error:
            raise OriginFault(f"the origin's list of {name}: {error}"[:300]) from None

    async def open(self, listing: HubListing, file: ListedFile) -> OpenContent | ComingFile:
        """
        Open a file, once some of it is here; it goes on to come when nobody reads it any more.

        :raises PeerError: when it cannot be had.
        """
        name = f"{listing.place}/{file.path}"
        while True:
            if (coming := self._running.get(name)) is None:
                if (hit := await self._shared(name)) is not None:
                    # Its peer may have ended before it told that.
                    background(self.log, "sharing a list", self._tell_if_whole(listing))
                    return await self._reading.open(hit)
                coming = self._running.get(name) or self._begin(listing, file, name)
            if await coming.open():
                return coming

    def _begin(self, listing: HubListing, file: ListedFile, name: str) -> ComingFile:
        coming = self._running[name] = ComingFile(file.size, self._offload)
        work = self._bring(listing, file, name, coming)
        background(self.log, "fetching from the origin", work)
        return coming

    def is_doubted(self, name: str) -> bool:
        """Return whether some of a file was given, and has then not proven to be what it should."""
        return name in self._doubted

    async def _bring(
        self, listing: HubListing, file: ListedFile, name: str, coming: ComingFile
    ) -> None:
        """Fetch a file, for all who read it."""
        try:
            await self._fetch(listing, file, name, coming)
            await self._until_shared(name)
            await self._tell_if_whole(listing)
        except PeerError as error:
            self.log.info("{name} does not come: {error}", name=name, error=error)
            coming.fail(error)
        except Exception:
            self.log.failure("while fetching {name} from the origin", name=name)
            coming.fail(OriginFault("something unexpected went wrong; see the log"))
        finally:
            if 0 < coming.given < file.size:
                self._doubted[name] = None
                while len(self._doubted) > limits.ORIGIN_DOUBTED:
                    del self._doubted[next(iter(self._doubted))]
            del self._running[name]
            coming.end()

    async def _fetch(
        self, listing: HubListing, file: ListedFile, name: str, coming: ComingFile
    ) -> None:
        async with self._slots:
            path = f"{listing.folder}/resolve/{listing.commit}/{file.path}"
            body = await self._client.file(quote(path), file.size)
            try:
                with suppress(Exists):
                    read = _checked(self._client, body, file, coming)
                    await self._share(name, read, file.size, coming.begun)
            finally:
                body.stop()
        self.log.info("{name} has come from the origin", name=name)

    async def _shared(self, name: str) -> Hit | None:
        try:
            return await self._reading.named(self._me, name)
        except (NotFound, NotReady):
            return None

    async def _until_shared(self, name: str) -> Hit:
        """Wait until a file that is here was found, and hashed."""
        until = self._clock.seconds() + limits.ORIGIN_HASHED_WITHIN_SECONDS
        while (hit := await self._shared(name)) is None:
            if self._clock.seconds() > until:
                raise NotReady(f"{name} is still being hashed: ask again")
            await deferLater(self._clock, _LOOK_SECONDS)
        return hit

    async def _tell_if_whole(self, listing: HubListing) -> None:
        """Share the list of a model all of which is here, once."""
        if listing.place in self._told or listing.place in self._telling:
            return
        self._telling.add(listing.place)
        try:
            await self._tell(listing)
        finally:
            self._telling.remove(listing.place)

    async def _tell(self, listing: HubListing) -> None:
        files = self._here.setdefault(listing.place, [])
        while len(files) < len(listing.files):
            next_one = listing.files[len(files)]
            hit = await self._shared(f"{listing.place}/{next_one.path}")
            if hit is None:
                return
            files.append(evolve(next_one, file=hit.file))
        pieces = [evolve(listing, files=tuple(files)).encoded(), b""]

        async def read() -> bytes:
            return pieces.pop(0)

        with suppress(Exists):
            await self._share(f"{listing.place}{LISTING}", read, len(pieces[0]), unread)
        del self._here[listing.place]
        self._told.add(listing.place)


def _checked(client: OriginClient, body: OriginBody, file: ListedFile, coming: ComingFile) -> Read:
    """Read a file as it comes; it has an end only if it is what it should be."""
    is_sha256 = len(file.digest) == _SHA256_DIGITS
    hasher = hashlib.sha256() if is_sha256 else hashlib.sha1(b"blob %d\0" % file.size)
    left = file.size

    async def read() -> bytes:
        nonlocal left
        # What was read before is written.
        coming.came(file.size - left)
        piece = await client.next_of(body)
        left -= len(piece)
        hasher.update(piece)
        if left < 0 or (not piece and (left or hasher.hexdigest() != file.digest)):
            raise OriginFault(f"the origin gave something else as {file.path}")
        if not piece:
            coming.checked()
        return piece

    return read
