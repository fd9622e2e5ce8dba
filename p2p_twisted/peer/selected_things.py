"""What several names and patterns mean, of what others share."""

from collections.abc import Iterable, Sequence

import attrs

from p2p_twisted.peer_errors import AlreadyHere, PeerError
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import PeerName


@attrs.frozen
class Selection:
    """
    What several names and patterns mean.

    :ivar words: as typed, or the names of hits.
    :ivar things: the files and folders to fetch, each as the hits for it.
    :ivar here: names of what need not be fetched, and where that is.
    :ivar failed: the words for which nothing can be fetched, and why.
    :ivar later: the words for which something is still being hashed by its holder.
    :ivar holder: the only peer that counts.
    """

    words: tuple[str, ...]
    things: tuple[tuple[Hit, ...], ...]
    here: tuple[tuple[str, AlreadyHere], ...] = ()
    failed: tuple[tuple[str, PeerError], ...] = ()
    later: tuple[str | Hit, ...] = ()
    holder: PeerName | None = None

    @property
    def size(self) -> int:
        """How much there is to fetch, in bytes."""
        return sum(hits[0].size for hits in self.things)

    def exit(self, ends: Iterable[Exit]) -> Exit:
        """Return what a script exits with, by how what was fetched of it has ended."""
        exits = {*ends, *(error.exit for _word, error in self.failed)}
        return Exit.of(exits | {Exit.DONE} if self.here else exits)

    def without(self, where: Sequence[AlreadyHere | None]) -> "Selection":
        """Leave out, of ``things``, what need not be fetched; each name and path is told once."""
        pairs = list(zip(self.things, where, strict=True))
        others = ((hits[0].name, here) for hits, here in pairs if here is not None)
        all_here = {(name, here.path): (name, here) for name, here in (*self.here, *others)}
        left = tuple(hits for hits, here in pairs if here is None)
        return attrs.evolve(self, things=left, here=tuple(all_here.values()))
