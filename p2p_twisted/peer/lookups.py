"""What a person looks for: among the files of all peers, or of one."""

from collections import Counter
from collections.abc import Iterable, Iterator

import attrs

from p2p_twisted.library.matching import last_component
from p2p_twisted.overlay.effects import HitsWatch
from p2p_twisted.peer.interface import Found
from p2p_twisted.peer.query_answers import QueryAnswers
from p2p_twisted.peer.searches import Searches, place
from p2p_twisted.peer.shared import SharedLibraries
from p2p_twisted.wire import limits
from p2p_twisted.wire.messages import Ask, Hit
from p2p_twisted.wire.names import PeerName

_UNSENT = "0" * 32
"""The id of a question that is put to this peer alone."""


@attrs.define(eq=False)
class Lookups:
    """
    Puts what this peer has beside what others have.

    :param me: this peer's name.
    :param answers: of this peer itself.
    :param shared: what others may have.
    """

    _me: PeerName
    _searches: Searches
    _answers: QueryAnswers
    _shared: SharedLibraries

    def stop(self) -> None:
        """Look nothing up any more, for anybody."""
        self._answers.stop()

    async def find(self, text: str, part: HitsWatch | None) -> Found:
        """
        Search all peers by name, this one too.

        :param part: is told of hits as they come.
        :raises PeerError: when there is no network.
        """
        own = await self._answers.answer_own(Ask(_UNSENT, "text", text))
        if part is not None and own.hits:
            part(own.hits)
        found = await self._searches.ask("text", text, part=part)
        hits = tuple(sorted((*found.hits, *own.hits), key=place))
        is_cut = found.is_cut or _is_full(hits, limits.HITS_SHOWN_PER_PEER)
        return attrs.evolve(found, hits=hits, is_cut=is_cut)

    async def listing(self, holder: PeerName) -> Found:
        """
        List what a peer shares.

        :raises PeerError: when there is no such peer.
        """
        if holder == self._me:
            own = await self._answers.answer_own(Ask(_UNSENT, "ls", peer=holder))
            hits = tuple(sorted(own.hits, key=place))
            return Found(hits, 0, 0, (), 0.0, is_cut=_is_full(hits, limits.HITS_PER_PEER))
        found = await self._searches.ask("ls", holder=holder)
        if not found.hits:
            await self._searches.check_is_there(holder)
        is_cut = found.is_cut or _is_full(found.hits, limits.HITS_PER_PEER)
        return attrs.evolve(found, is_cut=is_cut)

    def below(self, folder: str) -> Iterator[str]:
        """List what this peer shares directly in a folder, by names; folders end with ``/``."""
        for catalog in self._shared.persons:
            for path in sorted(catalog.children(folder)):
                yield last_component(path) + ("/" if catalog.is_folder(path) else "")


def _is_full(hits: Iterable[Hit], most: int) -> bool:
    """Return whether some peer has told as many hits as it may, and so may have more."""
    return any(told >= most for told in Counter(hit.peer for hit in hits).values())
