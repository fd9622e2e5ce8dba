"""Know what the registries of one store tell each other, and which of them is the first."""

from collections.abc import Iterable

import attrs

from p2p_twisted.registry import limits
from p2p_twisted.wire.names import PeerName


@attrs.frozen
class Note:
    """
    What a registry tells the others, every few seconds.

    :ivar writer: its id; each run of a registry has another one.
    :ivar renewed: whose leases it has extended since its last note.
    """

    writer: str
    renewed: tuple[PeerName, ...] = ()


@attrs.frozen
class NoteGone:
    """A registry has ended."""

    writer: str


class Notes:
    """
    One registry's own notes, and those of the others.

    The first of all that are heard of forgets whose leases ran out. Two may think so for a moment:
    what both forget is forgotten once.

    :param own: the registry's id; another one in each run.
    """

    def __init__(self, own: str) -> None:
        self.own = own
        self._heard: dict[str, float] = {}
        self._revisions: dict[str, int] = {}
        # In the order in which they renewed.
        self._renewed: dict[PeerName, None] = {}

    def renewed(self, names: Iterable[PeerName]) -> None:
        """Have the next note tell that these renewed here."""
        self._renewed.update(dict.fromkeys(names))

    def take(self) -> Note:
        """Return the next note."""
        names = list(self._renewed)[: limits.RENEWALS_IN_NOTE]
        for name in names:
            del self._renewed[name]
        return Note(self.own, tuple(names))

    def heard(self, note: Note, revision: int, now: float) -> None:
        """Know that a registry, perhaps this one, is there, and has left a note at a revision."""
        self._heard[note.writer] = now
        self.written(note.writer, revision)

    def written(self, writer: str, revision: int) -> None:
        """Know that a note was written at a revision."""
        self._revisions[writer] = max(revision, self._revisions.get(writer, 0))

    def revisions(self) -> dict[str, int]:
        """Return when each note that is there was written last, as far as is known."""
        return dict(self._revisions)

    def gone(self, writer: str) -> None:
        """Know that a registry's note is not there any more."""
        self._heard.pop(writer, None)
        self._revisions.pop(writer, None)

    def begin_anew(self) -> None:
        """Take another id, and know of no note."""
        self.own += "+"
        self._heard.clear()
        self._revisions.clear()

    def is_first(self, now: float) -> bool:
        """Return whether no registry with a lesser id has been heard of lately."""
        recent = now - limits.STORE_SILENT_SECONDS
        return all(writer >= self.own for writer, at in self._heard.items() if at > recent)

    def ended(self, now: float) -> list[str]:
        """List some of those that have told nothing for so long that they are no more."""
        before = now - limits.REGISTRY_ENDED_SECONDS
        silent = (writer for writer, at in self._heard.items() if at < before)
        return [writer for writer in silent if writer != self.own][: limits.ENDED_IN_NOTE]
