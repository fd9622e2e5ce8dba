"""What a repository of a model is in the network: a folder of that name, as some peers have it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from glob import escape
from typing import Final

from attrs import define, field, frozen

from p2p_twisted.gateway import limits
from p2p_twisted.peer.content_reading import ContentReading
from p2p_twisted.peer.peer_errors import NotFound, NotReady, PeerError
from p2p_twisted.wire.messages import Hit

MAIN: Final = "main"
_COMMIT_DIGITS: Final = 40
_MARK: Final = "@"
_MARK_DIGITS: Final = 12


@frozen
class Snapshot:
    """
    One version of a repository.

    :ivar folder: its name in the network.
    :ivar commit: the first digits of the folder's id, as many as a commit of git has.
    :ivar files: by their paths in it.
    """

    folder: str
    commit: str
    files: Mapping[str, Hit]

    def landing(self, path: str) -> str:
        """
        Return the folder of the downloads in which a file lands.

        Its name has the commit, so that versions are kept apart; and as the commit is of all of
        it, nobody takes a copy that is not complete for the model.
        """
        below = f"{self.folder}{_MARK}{self.commit[:_MARK_DIGITS]}/{path}"
        return below.rpartition("/")[0]


class NoSuchRevision(NotFound):
    """Nobody has that version of a repository."""


@define(eq=False)
class HubSnapshots:
    """Finds the versions of repositories, and remembers those that were asked for last."""

    _reading: ContentReading
    _known: dict[tuple[str, str], Snapshot] = field(factory=dict, init=False)

    async def find(self, folder: str, revision: str) -> Snapshot:
        """
        Find one version: the largest, as others may be on their way, or that of a commit.

        :raises NoSuchRevision: when there is no such version.
        :raises NotFound: when nobody shares such a folder.
        :raises PeerError: when nobody can be asked for it.
        """
        if (known := self._known.get((folder, revision))) is not None:
            return known
        try:
            shared = await self._reading.folders(folder) or await self._copies(folder)
            holders = self._choose(shared, folder, revision)
            return self._keep(await self._list(holders, folder))
        except PeerError:
            # Its holder may have ended; what is remembered can still be fetched from others.
            if revision == MAIN and (known := self._last(folder)) is not None:
                return known
            raise

    async def _copies(self, folder: str) -> list[Hit]:
        """Find complete copies that others have got this way."""
        before = f"{folder}{_MARK}"
        found = await self._reading.folders_like(escape(before) + _MARK_DIGITS * "?")
        names = [(hit, hit.name.removeprefix(before)) for hit in found]
        return [hit for hit, mark in names if hit.file and hit.file[:_MARK_DIGITS] == mark]

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
