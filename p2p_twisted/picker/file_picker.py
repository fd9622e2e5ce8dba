"""Decide which small files to ask which holder for: each has to come once, from anybody."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

from p2p_twisted.picker import limits
from p2p_twisted.wire.names import FileId, PeerName

OPENINGS: Final = 8
"""Of how many files, all over the list, a holder must have none to be taken to have nothing."""

_FIRST_ASKED: Final = 32
_ASKED_AGAIN: Final = 16
_UNSAVED_MOST: Final = 1_000


class FilePicker:
    """
    The small files of one download that are still to come, and who was asked for which.

    A holder is asked for few at first, so that others get their share, and for more
    the more it delivers. Who has nothing left to do is asked for what others owe.

    :param sizes: of the files, in bytes.
    """

    def __init__(self, sizes: Mapping[FileId, int]) -> None:
        self._sizes = sizes
        self._missing = dict.fromkeys(sizes)
        self._unsaved: set[FileId] = set()
        self._unsaved_bytes = 0
        # Only holders that were offered and not released have entries here.
        self._queues: dict[PeerName, deque[FileId]] = {}
        self._offered: dict[PeerName, frozenset[FileId] | None] = {}
        self._pending: dict[PeerName, dict[FileId, None]] = {}
        self._delivered: Counter[PeerName] = Counter()
        # How many holders owe a file, and which have none of it.
        self._pending_at: Counter[FileId] = Counter()
        self._refused: dict[FileId, tuple[PeerName, ...]] = {}
        # Who is said to have a file, and who everything.
        self._promised: dict[FileId, tuple[PeerName, ...]] = {}
        self._promised_all: set[PeerName] = set()
        self._empty: set[PeerName] = set()

    @property
    def is_complete(self) -> bool:
        """Whether every file is saved, or given up."""
        return not self._missing and not self._unsaved

    @property
    def left(self) -> int:
        """How many files have not come yet."""
        return len(self._missing)

    @property
    def is_full(self) -> bool:
        """Whether enough waits to be saved."""
        is_large = self._unsaved_bytes >= limits.FILES_ASKED_BYTES
        return is_large or len(self._unsaved) > _UNSAVED_MOST

    def missing(self) -> Iterator[FileId]:
        """Name what has not come yet, in order."""
        return iter(self._missing)

    def size(self, file_id: FileId) -> int:
        """Tell how many bytes a file has."""
        return self._sizes[file_id]

    # What becomes of holders

    def add(self, holder: PeerName, file_ids: Iterable[FileId] | None = None) -> None:
        """
        Take note of somebody to ask.

        :param file_ids: what it has; ``None`` when it may have everything.
        """
        self._offered[holder] = None if file_ids is None else frozenset(file_ids)
        self._pending[holder] = {}
        self._queues[holder] = deque(self._candidates(holder, self._missing))

    def promised(self, holder: PeerName, file_ids: Iterable[FileId] | None = None) -> None:
        """
        Take note of what a holder is said to have, whether it is there now or not.

        :param file_ids: ``None`` for everything.
        """
        if file_ids is None:
            self._promised_all.add(holder)
            return
        for file_id in file_ids:
            known = self._promised.get(file_id, ())
            if holder not in known:
                self._promised[file_id] = (*known, holder)

    def opening(self, holder: PeerName, known: FileId | None = None) -> FileId | None:
        """
        Choose a file to have the holder connect with; one far from the last one each time.

        :param known: what it has told of: that first, or the holder would soon be taken
            to have nothing where it has but one of very many.
        """
        if known in self._missing and not self.is_refused(holder, known):
            return known
        queue = self._queues[holder]
        self._drop_taken(holder)
        if not queue:
            return next(self._pending_at_others(holder), None)
        queue.rotate(-max(1, len(queue) // OPENINGS))
        self._drop_taken(holder)
        return queue[0]

    def ask(self, holder: PeerName) -> tuple[FileId, ...]:
        """
        Choose what to ask a holder for now.

        :returns: nothing while it owes enough, too much waits to be saved, or nothing is left.
        """
        pending = self._pending[holder]
        most = min(limits.FILES_ASKED, _FIRST_ASKED + self._delivered[holder])
        if len(pending) > most // 2 or self.is_full:
            return ()
        room = limits.FILES_ASKED_BYTES - self._unsaved_bytes - sum(map(self.size, pending))
        chosen = []
        for file_id in self._choices(holder):
            room -= self._sizes[file_id]
            if room < 0 or len(pending) >= most:
                break
            pending[file_id] = None
            self._pending_at[file_id] += 1
            chosen.append(file_id)
        return tuple(chosen)

    def is_done(self, holder: PeerName) -> bool:
        """Tell whether a holder owes nothing, and there is nothing to ask it for."""
        return not self._pending[holder] and next(self._choices(holder), None) is None

    def is_pending(self, holder: PeerName, file_id: FileId) -> bool:
        """Tell whether a holder was asked for a file and has not answered."""
        return file_id in self._pending.get(holder, ())

    def release(self, holder: PeerName) -> None:
        """Let others be asked for what a holder owes: it is gone."""
        del self._offered[holder], self._queues[holder]
        for file_id in self._pending.pop(holder):
            self._settle(file_id)

    # What becomes of files

    def delivered(self, holder: PeerName, file_id: FileId) -> bool:
        """
        Take note that a holder has delivered a file.

        :returns: whether it is to be saved: it may have come from somebody else already.
        """
        self._answered(holder, file_id)
        self._delivered[holder] += 1
        return self.found(file_id)

    def found(self, file_id: FileId) -> bool:
        """Take note that a file is there, wherever it came from; tell whether to save it."""
        if file_id not in self._missing:
            return False
        del self._missing[file_id]
        self._unsaved.add(file_id)
        self._unsaved_bytes += self._sizes[file_id]
        return True

    def saved(self, file_id: FileId) -> None:
        """Take note that a file is on the disk."""
        self._unsaved.remove(file_id)
        self._unsaved_bytes -= self._sizes[file_id]

    def refused(self, holder: PeerName, file_id: FileId) -> None:
        """Take note that a holder does not have a file, whether it was asked for it or not."""
        self._refused[file_id] = (*self._refused.get(file_id, ()), holder)
        if self.is_pending(holder, file_id):
            self._answered(holder, file_id)

    def is_refused(self, holder: PeerName, file_id: FileId) -> bool:
        """Tell whether a holder does not have a file."""
        return holder in self._empty or holder in self._refused.get(file_id, ())

    def mark_empty(self, holder: PeerName) -> None:
        """Take note that a holder has none of all the files that it was to open with."""
        self._empty.add(holder)

    def give_up(self, holders: Iterable[PeerName]) -> tuple[FileId, ...]:
        """
        Give up what all who were said to have it have refused, and so have all of some holders.

        :returns: what that is.
        """
        asked = frozenset(holders)
        hopeless = tuple(file_id for file_id in self._missing if self._is_hopeless(file_id, asked))
        for file_id in hopeless:
            del self._missing[file_id]
        return hopeless

    # How it works

    def _is_hopeless(self, file_id: FileId, asked: frozenset[PeerName]) -> bool:
        refused = self._empty.union(self._refused.get(file_id, ()))
        promised = self._promised_all.union(self._promised.get(file_id, ()))
        return bool(promised) and promised | asked <= refused

    def _answered(self, holder: PeerName, file_id: FileId) -> None:
        del self._pending[holder][file_id]
        self._settle(file_id)

    def _settle(self, file_id: FileId) -> None:
        """Put a file back for everybody who has it, unless it has come or somebody owes it."""
        self._pending_at[file_id] -= 1
        if self._pending_at[file_id]:
            return
        del self._pending_at[file_id]
        if file_id in self._missing:
            for holder, queue in self._queues.items():
                queue.extend(self._candidates(holder, (file_id,)))

    def _candidates(self, holder: PeerName, file_ids: Iterable[FileId]) -> Iterator[FileId]:
        offered = self._offered[holder]
        for file_id in file_ids:
            if (offered is None or file_id in offered) and not self.is_refused(holder, file_id):
                yield file_id

    def _choices(self, holder: PeerName) -> Iterator[FileId]:
        while self._drop_taken(holder):
            yield self._queues[holder][0]
        if not self._pending[holder]:
            # All at once: whoever takes one owes it, too.
            yield from list(islice(dict.fromkeys(self._pending_at_others(holder)), _ASKED_AGAIN))

    def _drop_taken(self, holder: PeerName) -> bool:
        """Drop from the front what is not to be asked for; tell whether anything is left."""
        queue = self._queues[holder]
        while queue:
            file_id = queue[0]
            is_free = file_id in self._missing and not self._pending_at[file_id]
            if is_free and not self.is_refused(holder, file_id):
                return True
            queue.popleft()
        return False

    def _pending_at_others(self, holder: PeerName) -> Iterator[FileId]:
        """Name what others owe, what they will deliver last first."""
        for other, pending in self._pending.items():
            if other != holder:
                late = (file_id for file_id in reversed(pending) if file_id in self._missing)
                yield from self._candidates(holder, late)
