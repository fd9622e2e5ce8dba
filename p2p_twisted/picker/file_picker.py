"""Decide which small files to request from which holder; any copy of a file will do."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

from p2p_twisted.picker import limits
from p2p_twisted.wire.names import FileId, PeerName

OPENINGS: Final = 8
"""A holder that has none of so many files, spread over the list, is taken to have nothing."""

_FIRST_ASKED: Final = 32
_ASKED_AGAIN: Final = 16
_UNSAVED_MOST: Final = 8_000


class FilePicker:
    """
    Knows which small files of one download are missing, and which holder was asked for which.

    A holder is asked for few files at first, so that others get their share, and for more as it
    delivers. A holder for which nothing else is left is asked for what is pending at others.

    :param sizes: of the files, in bytes.
    """

    def __init__(self, sizes: Mapping[FileId, int]) -> None:
        # Each with its size in bytes.
        self._missing = dict(sizes)
        self._unsaved: dict[FileId, int] = {}
        self._unsaved_bytes = 0
        # Only holders that were added and not released have entries here.
        self._queues: dict[PeerName, deque[FileId]] = {}
        self._offered: dict[PeerName, frozenset[FileId] | None] = {}
        self._pending: dict[PeerName, dict[FileId, int]] = {}
        self._delivered: Counter[PeerName] = Counter()
        # At how many holders a file is pending, and which holders do not have it.
        self._pending_at: dict[FileId, int] = {}
        self._refused: dict[FileId, tuple[PeerName, ...]] = {}
        # Which holders are said to have a file, and which everything.
        self._promised: dict[FileId, tuple[PeerName, ...]] = {}
        self._promised_all: set[PeerName] = set()
        self._empty: set[PeerName] = set()

    @property
    def is_complete(self) -> bool:
        """Whether every file is saved or given up."""
        return not self._missing and not self._unsaved

    @property
    def left(self) -> int:
        """How many files have not arrived yet."""
        return len(self._missing)

    @property
    def left_bytes(self) -> int:
        """How many bytes have not arrived yet."""
        return sum(self._missing.values())

    @property
    def is_full(self) -> bool:
        """Whether so much waits to be saved that nothing more should be requested."""
        is_large = self._unsaved_bytes >= limits.FILES_ASKED_BYTES
        return is_large or len(self._unsaved) > _UNSAVED_MOST

    def missing(self) -> Iterator[FileId]:
        """Return the files that have not arrived yet, in order."""
        return iter(self._missing)

    def size(self, file_id: FileId) -> int:
        """Return the size in bytes of a file that has not arrived yet."""
        return self._missing[file_id]

    # Holders

    def add(self, holder: PeerName, file_ids: Iterable[FileId] | None = None) -> None:
        """
        Add a holder that can be asked.

        :param file_ids: what it has; ``None`` when it may have everything.
        """
        self._offered[holder] = None if file_ids is None else frozenset(file_ids)
        self._pending[holder] = {}
        self._queues[holder] = deque(self._candidates(holder, self._missing))

    def promised(self, holder: PeerName, file_ids: Iterable[FileId] | None = None) -> None:
        """
        Record what a holder is said to have, whether it is connected or not.

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
        Choose the file with which to ask a holder to connect; each time one far from the last.

        :param known: a file that it has announced. It comes first; otherwise a holder that has
            only one of very many files would soon be taken to have nothing.
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

    def choose(self, holder: PeerName) -> tuple[FileId, ...]:
        """
        Choose what to request from a holder now.

        :returns: nothing while enough is pending there, too much waits to be saved, or nothing
            is left.
        """
        pending = self._pending[holder]
        most = min(limits.FILES_ASKED, _FIRST_ASKED + self._delivered[holder])
        if len(pending) > most // 2 or self.is_full:
            return ()
        room = limits.FILES_ASKED_BYTES - self._unsaved_bytes - sum(pending.values())
        chosen = []
        for file_id in self._choices(holder):
            size = self._missing[file_id]
            room -= size
            if room < 0 or len(pending) >= most:
                break
            pending[file_id] = size
            self._pending_at[file_id] = self._pending_at.get(file_id, 0) + 1
            chosen.append(file_id)
        return tuple(chosen)

    def is_done(self, holder: PeerName) -> bool:
        """Return whether nothing is pending at a holder, and nothing is left to request from it."""
        return not self._pending[holder] and next(self._choices(holder), None) is None

    def has_pending(self, holder: PeerName) -> bool:
        """Return whether a file is pending at a holder."""
        return bool(self._pending.get(holder))

    def pending_size(self, holder: PeerName, file_id: FileId) -> int | None:
        """Return the size in bytes of a file that a holder was asked for; ``None`` for others."""
        return self._pending.get(holder, {}).get(file_id)

    def release(self, holder: PeerName) -> None:
        """Remove a holder that is gone; its pending files can be requested from others."""
        del self._offered[holder], self._queues[holder]
        for file_id in self._pending.pop(holder):
            self._settle(file_id)

    # Files

    def delivered(self, holder: PeerName, file_id: FileId) -> bool:
        """
        Record that a holder has delivered a file.

        :returns: whether to save it; it may have arrived from another holder already.
        """
        # First: what has arrived is not queued again.
        is_new = self.found(file_id)
        self._answered(holder, file_id)
        self._delivered[holder] += 1
        return is_new

    def found(self, file_id: FileId) -> bool:
        """Record that a file has arrived, from any source; return whether to save it."""
        size = self._missing.pop(file_id, None)
        if size is None:
            return False
        self._unsaved[file_id] = size
        self._unsaved_bytes += size
        return True

    def saved(self, file_id: FileId) -> None:
        """Record that a file is on the disk."""
        self._unsaved_bytes -= self._unsaved.pop(file_id)

    def refused(self, holder: PeerName, file_id: FileId) -> None:
        """Record that a holder does not have a file, whether or not it was asked for it."""
        self._refused[file_id] = (*self._refused.get(file_id, ()), holder)
        if file_id in self._pending.get(holder, ()):
            self._answered(holder, file_id)

    def is_refused(self, holder: PeerName, file_id: FileId) -> bool:
        """Return whether a holder does not have a file."""
        return holder in self._empty or holder in self._refused.get(file_id, ())

    def mark_empty(self, holder: PeerName) -> None:
        """Record that a holder has none of the files that it was asked to connect with."""
        self._empty.add(holder)

    def give_up(self, holders: Iterable[PeerName]) -> tuple[FileId, ...]:
        """
        Give up each file that was refused by all holders said to have it, and by all of these.

        :returns: the files given up.
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
        """Queue a file again at all holders, unless it has arrived or is pending at another."""
        others = self._pending_at.pop(file_id) - 1
        if others:
            self._pending_at[file_id] = others
            return
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
            # Listed before any is yielded: a file that is taken becomes pending, too.
            yield from list(islice(dict.fromkeys(self._pending_at_others(holder)), _ASKED_AGAIN))

    def _drop_taken(self, holder: PeerName) -> bool:
        """Drop what must not be requested from the front; return whether anything is left."""
        queue = self._queues[holder]
        while queue:
            file_id = queue[0]
            is_free = file_id in self._missing and file_id not in self._pending_at
            if is_free and not self.is_refused(holder, file_id):
                return True
            queue.popleft()
        return False

    def _pending_at_others(self, holder: PeerName) -> Iterator[FileId]:
        """Return what is pending at others, what they will deliver last first."""
        for other, pending in self._pending.items():
            if other != holder:
                late = (file_id for file_id in reversed(pending) if file_id in self._missing)
                yield from self._candidates(holder, late)
