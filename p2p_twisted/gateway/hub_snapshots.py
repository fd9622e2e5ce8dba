"""What a repository of a model is in the network: a folder of that name, as some peers have it."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from glob import escape
from typing import Final

from attrs import define, field, frozen

from p2p_twisted.gateway import limits
from p2p_twisted.gateway.hub_listing import (
    LISTING,
    MARK,
    MARK_DIGITS,
    BadListing,
    HubListing,
    placed,
)
from p2p_twisted.gateway.origin_models import OriginModels
from p2p_twisted.peer.content_reading import ContentReading
from p2p_twisted.peer_errors import NotFound, NotReady, PeerError
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import FileId

KnownHash = Callable[[FileId], str | None]
"""Returns the SHA-256 of some content, where that is known."""

MAIN: Final = "main"
_COMMIT_DIGITS: Final = 40


@frozen
class Snapshot:
    """
    One version of a repository.

    :ivar folder: its name in the network.
    :ivar commit: the first digits of the folder's id, as many as a commit of git has.
    :ivar files: by their paths in it.
    :ivar digests: by which the Hub names them, likewise, where the model came from there.
    :ivar listing: of what the origin has and this peer may have not, if it is from there.
    """

    folder: str
    commit: str
    files: Mapping[str, Hit]
    digests: Mapping[str, str] = field(factory=dict)
    listing: HubListing | None = None

    def digest(self, path: str, known: KnownHash) -> str | None:
        """Return by what the Hub names a file, where that is known."""
        return self.digests.get(path) or known(self.files[path].file or "")

    def landing(self, path: str) -> str:
        """
        Return the folder of the downloads in which a file lands.

        Its name has the commit, so that versions are kept apart; and as the commit is of all of
        it, nobody takes a copy that is not complete for the model.
        """
        return f"{placed(self.folder, self.commit)}/{path}".rpartition("/")[0]


class NoSuchRevision(NotFound):
    """Nobody has that version of a repository."""


@define(eq=False)
class HubSnapshots:
    """Finds the versions of repositories, and remembers those that were asked for last."""

    _reading: ContentReading
    _origin: OriginModels | None = None
    _known: dict[tuple[str, str], Snapshot] = field(factory=dict, init=False)

    async def find(self, folder: str, revision: str) -> Snapshot:
        """
        Find one version: the largest, as others may be on their way, or that of a commit.

        What no peer has is asked of the origin, if there is one.

        :raises NoSuchRevision: when there is no such version.
        :raises NotFound: when nobody shares such a folder.
        :raises PeerError: when nobody can be asked for it.
        """
        if (known := self._known.get((folder, revision))) is not None:
            return known
        try:
            return self._keep(await self._find(folder, revision))
        except PeerError:
            # Its holder may have ended; what is remembered can still be fetched from others.
            if revision == MAIN and (known := self._last(folder)) is not None:
                return known
            raise

    async def _find(self, folder: str, revision: str) -> Snapshot:
        shared = await self._reading.folders(folder)
        if not shared and (listed := await self._listed(folder, revision)) is not None:
            return listed
        try:
            holders = self._choose(shared or await self._copies(folder), folder, revision)
        except NotFound:
            if self._origin is None:
                raise
            return _of_origin(await self._origin.find(folder, revision))
        return await self._list(holders, folder)

    async def _listed(self, folder: str, revision: str) -> Snapshot | None:
        """Find what another peer had from an origin, complete: the last version, or that one."""
        before = f"{folder}{MARK}"
        pattern = f"{escape(before)}{MARK_DIGITS * '?'}{LISTING}"
        found = await self._reading.files_like(pattern)
        for hit in sorted(found, key=lambda hit: -(hit.modified or 0)):
            mark = hit.name.removeprefix(before).removesuffix(LISTING)
            if hit.size > limits.ORIGIN_LIST_BYTES or not hit.name.startswith(before):
                continue
            if revision == MAIN or revision.startswith(mark):
                with suppress(BadListing):
                    return await self._read(hit, folder)
        return None

    async def _read(self, hit: Hit, folder: str) -> Snapshot:
        """
        Read the list of a model.

        :raises BadListing: when it is none.
        """
        content = await self._reading.open(hit, hit.name.rpartition("/")[0])
        try:
            pieces, at = [], 0
            while at < content.size:
                pieces.append(await content.read(at, content.size))
                at += len(pieces[-1])
        finally:
            content.close()
        listing = HubListing.read(b"".join(pieces), folder)
        files = {
            each.path: Hit(hit.peer, f"{listing.place}/{each.path}", each.size, file=each.file)
            for each in listing.files
        }
        digests = {each.path: each.digest for each in listing.files}
        return Snapshot(folder, listing.commit, files, digests)

    async def _copies(self, folder: str) -> list[Hit]:
        """Find complete copies that others have got this way."""
        before = f"{folder}{MARK}"
        found = await self._reading.folders_like(escape(before) + MARK_DIGITS * "?")
        names = [(hit, hit.name.removeprefix(before)) for hit in found]
        return [hit for hit, mark in names if hit.file and hit.file[:MARK_DIGITS] == mark]

    def _choose(self, shared: Sequence[Hit], folder: str, revision: str) -> Sequence[Hit]:
        """Choose the holders of one version; the same one as long as these stay."""
        if not shared:
            raise NotFound(f"no peer shares a folder {folder}")
        versions: defaultdict[str, list[Hit]] = defaultdict(list)
        for hit in shared:
            if hit.file is not None:
                versions[hit.file].append(hit)
        if not versions:
            raise NotReady(f"{shared[0].peer} is still hashing {folder}: ask again")
        if revision == MAIN:
            return max(versions.values(), key=lambda hits: (hits[0].size, len(hits), hits[0].file))
        for file_id, hits in versions.items():
            if file_id[:_COMMIT_DIGITS] == revision:
                return hits
        raise NoSuchRevision(f"no peer has {folder} as of {revision}")

    async def _list(self, holders: Sequence[Hit], folder: str) -> Snapshot:
        """List the files, as the first holder does that answers."""
        for hit in holders:
            found = await self._reading.files_below(hit)
            below = len(hit.name) + 1
            files = {each.name[below:]: each for each in found if each.file is not None}
            # What has changed meanwhile is another version.
            if files and sum(each.size for each in files.values()) == hit.size:
                assert hit.file is not None
                return Snapshot(folder, hit.file[:_COMMIT_DIGITS], files)
        raise NotReady(f"{folder} is being changed, or its holder does not answer")

    def _keep(self, snapshot: Snapshot) -> Snapshot:
        """Remember a version; of very many, the last ones."""
        key = snapshot.folder, snapshot.commit
        self._known.pop(key, None)
        self._known[key] = snapshot
        while (
            len(self._known) > 1
            and sum(len(each.files) for each in self._known.values()) > limits.HUB_FILES_KEPT
        ):
            del self._known[next(iter(self._known))]
        return snapshot

    def _last(self, folder: str) -> Snapshot | None:
        known = (each for each in reversed(self._known.values()) if each.folder == folder)
        return next(known, None)


def _of_origin(listing: HubListing) -> Snapshot:
    """Describe what the origin has."""
    files = {
        each.path: Hit("origin", f"{listing.place}/{each.path}", each.size)
        for each in listing.files
    }
    digests = {each.path: each.digest for each in listing.files}
    return Snapshot(listing.folder, listing.commit, files, digests, listing)
