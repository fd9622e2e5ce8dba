"""Read what peers share without downloading it first: it is read as it comes."""

from collections.abc import Sequence
from glob import escape
from typing import Final

from attrs import define, field
from twisted.internet.defer import CancelledError
from twisted.python.failure import Failure

from p2p_twisted.download.downloads import Downloads
from p2p_twisted.download.file_readers import ReadableFile
from p2p_twisted.download.progress import Blocked, Paused, Progress, Saved
from p2p_twisted.peer import limits
from p2p_twisted.peer.begun_download import BegunDownload, TooManyBegun
from p2p_twisted.peer.local_content import LocalContent
from p2p_twisted.peer.meaning import (
    Hits,
    StillHashing,
    best,
    by_content,
    check_is_file,
    check_one_id,
    meant_by,
    one_of,
)
from p2p_twisted.peer.open_content import OpenContent
from p2p_twisted.peer.query_answers import QueryAnswers
from p2p_twisted.peer.searches import Searches, What
from p2p_twisted.peer.suggestions import suggestions
from p2p_twisted.peer_errors import CannotKeep, IsFolder, NotFound, NotReady, PeerError
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.wire.chunks import is_file_id, is_short_id
from p2p_twisted.wire.limits import HITS_PER_PEER
from p2p_twisted.wire.messages import Ask, Hit
from p2p_twisted.wire.names import FileId, PeerName

_UNSENT: Final = "0" * 32
"""The id of a question that is put to this peer alone."""


@define(eq=False, kw_only=True)
class ContentReading:
    """
    Finds content by who shares it under which name, or by its id, and opens it.

    What is not here is downloaded, as if a person had asked for it, and goes on when it is not
    read any more.

    :param me: this peer's name.
    :param offload: calls what reads from a disk.
    """

    _me: PeerName
    _searches: Searches
    _answers: QueryAnswers
    _local: LocalContent
    _downloads: Downloads
    _offload: Offload
    _begun: dict[FileId, BegunDownload] = field(factory=dict, init=False)
    _known: dict[tuple[PeerName, str], Hit] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self._downloads.readable.added = self._coming

    async def named(self, holder: PeerName, name: str) -> Hit:
        """
        Find the file that a peer shares under exactly this name.

        When the peer has gone meanwhile, it is what it was when it was last asked for.

        :raises PeerError: when there is none, or it has not been hashed yet.
        """
        try:
            hit = await self._named(holder, name)
        except (NotFound, IsFolder, NotReady):
            raise
        except PeerError:
            if (known := self._known.get((holder, name))) is None:
                raise
            return known
        self._known.pop((holder, name), None)
        self._known[holder, name] = hit
        while len(self._known) > limits.NAMES_KNOWN_BY_READING:
            del self._known[next(iter(self._known))]
        return hit

    async def _named(self, holder: PeerName, name: str) -> Hit:
        exact = [hit for hit in await self._ask("name", name, holder) if hit.name == name]
        if not exact:
            if holder != self._me:
                await self._searches.check_is_there(holder)
            raise NotFound(f"{holder} shares no {name}")
        if (hit := exact[0]).kind == "folder":
            raise IsFolder(f"{name} is a folder: name a file in it")
        if hit.file is None:
            raise NotReady(f"{holder} is still hashing {name}: ask again")
        return hit

    async def meant(self, wanted: str | Hit) -> Hit:
        """
        Find the file that a person means by its name, or its id, first of all here; or by a hit.

        :raises PeerError: when there is none, or there are several, or it is still being hashed.
        """
        if isinstance(wanted, str) and is_file_id(wanted):
            return await self.with_id(wanted)
        if isinstance(wanted, Hit):
            hits: Hits = (wanted,)
        else:
            try:
                hits = await self._by_short_id(wanted) or await self._by_name(wanted)
            except NotFound as missing:
                like = await suggestions(self._searches, wanted, None, self._offload)
                raise NotFound(str(missing), like) from None
        check_is_file(hits)
        if not (things := by_content(hits)):
            raise StillHashing(hits)
        return one_of(things)[0]

    async def as_now(self, hit: Hit) -> Hit:
        """
        Find what is now under the name of a file of this peer's own; of others, it stays as it was.

        :raises PeerError: when it is not shared any more, nor here, or has not been hashed yet.
        """
        if hit.peer != self._me or hit.file is None:
            return hit
        try:
            return await self._named(hit.peer, hit.name)
        except NotFound:
            if (here := await self.open_here(hit.file)) is None:
                raise
            here.close()
            return hit

    async def _by_short_id(self, text: str) -> Hits:
        if not is_short_id(text):
            return ()
        own = await self._ask("id", text, self._me)
        hits = tuple(own or (await self._searches.ask("id", text)).hits)
        check_one_id(hits)
        return hits

    async def _by_name(self, text: str) -> Hits:
        own = best(await self._ask("name", text, self._me), text)
        return own or meant_by(text, await self._searches.ask("name", text), None)

    async def folders(self, name: str) -> list[Hit]:
        """
        Find the folders that this peer and others share under exactly this name.

        :raises PeerError: when there is no network.
        """
        own = await self._ask("name", name, self._me)
        others = (await self._searches.ask("name", name)).hits
        return [hit for hit in (*own, *others) if hit.kind == "folder" and hit.name == name]

    async def folders_like(self, pattern: str) -> list[Hit]:
        """
        Find the folders that this peer and others share under names like a pattern.

        :raises PeerError: when there is no network.
        """
        return [hit for hit in await self._like(pattern) if hit.kind == "folder"]

    async def files_like(self, pattern: str) -> list[Hit]:
        """Find files likewise, which can be had."""
        found = await self._like(pattern)
        return [hit for hit in found if hit.kind == "file" and hit.file is not None]

    async def _like(self, pattern: str) -> Sequence[Hit]:
        own = await self._ask("text", pattern, self._me)
        others = await self._searches.ask("text", pattern, by_person=False)
        return (*own, *others.hits)

    async def files_below(self, folder: Hit) -> list[Hit]:
        """
        List the files of a folder, as its holder shares them now.

        :raises PeerError: when it does not answer, or there are too many.
        """
        found = await self._ask("text", f"{escape(folder.name)}/*", folder.peer)
        if len(found) >= HITS_PER_PEER:
            raise PeerError(f"{folder.name} has more than {HITS_PER_PEER:,} files: get it instead")
        below = f"{folder.name}/"
        return [hit for hit in found if hit.kind == "file" and hit.name.startswith(below)]

    async def with_id(self, file_id: FileId) -> Hit:
        """
        Find some content, here or at others.

        :raises PeerError: when nobody has it.
        """
        if (source := await self._local.open(file_id)) is not None:
            size, is_file = source.size, source.fd is not None
            source.close()
            if is_file:
                return Hit(self._me, self._local.name_of(file_id), size, file=file_id)
        hits = [hit for hit in await self._searches.find(file_id) if hit.kind == "file"]
        if not hits:
            raise NotFound(f"no peer has a file {file_id}")
        return hits[0]

    async def open(self, hit: Hit, into: str = "") -> OpenContent:
        """
        Open content, once its size is proven.

        :param into: the folder of the downloads in which it lands, if it has to be fetched.
        :raises PeerError: when it cannot be fetched.
        """
        assert hit.file is not None
        with self._downloads.readable.awaited(hit.file):
            while True:
                if (file := self._downloads.readable.get(hit.file)) is not None:
                    return self._open(file)
                if (here := await self.open_here(hit.file)) is not None:
                    return here
                begun = self._begin(hit, into)
                await begun.changed()
                if begun.progress is not None and begun.progress.is_resting:
                    await self._check(hit.file, begun.progress)

    async def _ask(self, what: What, text: str, holder: PeerName) -> Sequence[Hit]:
        """Ask one peer, which may be this one."""
        if holder == self._me:
            ask = Ask(_UNSENT, what, text, most=HITS_PER_PEER)
            return (await self._answers.answer_own(ask)).hits
        return (await self._searches.ask(what, text, most=HITS_PER_PEER, holder=holder)).hits

    async def open_here(self, file_id: FileId) -> OpenContent | None:
        """Open content all of which is here already."""
        file = self._downloads.readable.get(file_id)
        if file is not None and file.readers.are_done:
            # It is being published.
            return self._open(file)
        here = await self._local.open(file_id)
        return None if here is None else OpenContent(here, self._offload)

    def _open(self, file: ReadableFile) -> OpenContent:
        source, _partial = file.open()
        return OpenContent(source, self._offload, file.readers)

    def _begin(self, hit: Hit, into: str) -> BegunDownload:
        assert hit.file is not None
        begun = self._begun.get(hit.file)
        if begun is None:
            if len(self._begun) >= limits.DOWNLOADS_BEGUN_BY_READING:
                raise TooManyBegun(
                    f"{len(self._begun)} downloads that were begun so have not ended: see p2p"
                    " transfers, and cancel some"
                )
            begun = self._begun[hit.file] = BegunDownload()

            def watch(progress: Progress) -> None:
                begun.watch(progress)
                if progress.is_ended:
                    self._begun.pop(progress.file_id, None)

            self._downloads.get((hit,), watch, into=into).addErrback(_leaving)
        elif begun.progress is not None and isinstance(begun.progress.state, Blocked | Paused):
            self._downloads.resume(begun.progress.number)
        return begun

    async def _check(self, file_id: FileId, progress: Progress) -> None:
        """Check that what rests is here, or comes."""
        if self._downloads.readable.get(file_id) is not None:
            return
        match progress.state:
            case Saved(path=path):
                if (source := await self._local.open(file_id)) is None:
                    raise PeerError(f"it is in {path}, and cannot be read there")
                source.close()
            case Blocked(reason=reason):
                raise CannotKeep(reason)
            case state:
                why = getattr(state, "reason", "no holder delivers it at the moment")
                raise NotReady(f"{progress.name}: {why}")

    def _coming(self, file_id: FileId) -> None:
        if (begun := self._begun.get(file_id)) is not None:
            begun.tell()


def _leaving(failure: Failure) -> None:
    """Ignore that the peer leaves: it goes on in its next run."""
    failure.trap(CancelledError)
