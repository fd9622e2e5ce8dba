"""Remember holders that delivered something else, and neighbors that led to nobody."""

from enum import Enum, auto
from typing import Final

from twisted.logger import Logger

from p2p_twisted.download import limits
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import FileId, PeerName

Way = tuple[tuple[PeerName, ...], PeerName]

_DOUBTS_OF_LIARS: Final = 2
"""For how many files at a time a holder is doubted that is asked for nothing any more."""


class Verdict(Enum):
    """
    What wrong content says of its holder.

    ``DOUBTED``: a file that is written to while it is sent arrives wrong, though no one
    lied. ``LIED``: nothing but a lie explains it.
    """

    DOUBTED = auto()
    LIED = auto()


class Trust:
    """
    Excludes holders for ten minutes each.

    A liar is asked for nothing; a doubted holder is not asked for that file, and for
    nothing while it is doubted for another one, too. A holder that does not deliver may not even
    exist: then the neighbor that has named it is the last one to be followed, for as long.
    """

    log = Logger()

    def __init__(self) -> None:
        # Until when a holder is not asked for anything, in seconds.
        self._lied: dict[Way, float] = {}
        # Until when a holder is not asked for a file, by holders that are doubted.
        self._doubted: dict[Way, dict[FileId, float]] = {}
        # Until when the first peer on the way to a holder is followed last.
        self._led_to_nobody: dict[tuple[PeerName, ...], float] = {}

    def may_ask(self, hit: Hit, now: float) -> bool:
        """Return whether nothing speaks against a holder."""
        doubted = self._doubts(way(hit), now)
        has_lied = self._lied.get(way(hit), 0.0) > now
        return not (has_lied or hit.file in doubted or len(doubted) >= _DOUBTS_OF_LIARS)

    def led_to_nobody(self, hit: Hit, now: float) -> bool:
        """Return whether the way to a holder has last led to nobody who delivered."""
        return self._led_to_nobody.get(hit.route[:1], 0.0) > now

    def led(self, hit: Hit, to_somebody: bool, now: float) -> None:
        """Record whether anybody delivered who was asked on that way."""
        kept = self._led_to_nobody.items()
        self._led_to_nobody = {hop: until for hop, until in kept if until > now}
        if to_somebody:
            self._led_to_nobody.pop(hit.route[:1], None)
        else:
            self._led_to_nobody[hit.route[:1]] = now + limits.LIAR_SECONDS

    def judge(self, hit: Hit, file_id: FileId, verdict: Verdict, now: float) -> None:
        """Record that a holder has delivered something in place of a file."""
        self._forget_old(now)
        until, blamed = now + limits.LIAR_SECONDS, way(hit)
        if verdict is Verdict.LIED:
            self._lied[blamed] = until
        else:
            doubted = self._doubted.setdefault(blamed, {})
            doubted[file_id] = until
            if len(doubted) < _DOUBTS_OF_LIARS:
                self.log.info("{holder} delivered wrong bytes; has it changed?", holder=hit.peer)
                return
            doubted.update(dict.fromkeys(doubted, until))
        self.log.warn("{holder} delivered wrong content", holder=hit.peer)

    def admitted(self, hit: Hit, file_id: FileId) -> None:
        """
        Record that a holder says that it has other content now: so it was no lie.

        Only a holder is asked that while nobody else delivers: whoever lies gains nothing by it.
        """
        doubted = self._doubted.get(way(hit), {})
        doubted.pop(file_id, None)

    def _doubts(self, blamed: Way, now: float) -> list[FileId]:
        doubted = self._doubted.get(blamed, {})
        return [file_id for file_id, until in doubted.items() if until > now]

    def _forget_old(self, now: float) -> None:
        self._lied = {blamed: until for blamed, until in self._lied.items() if until > now}
        files = {blamed: self._doubts(blamed, now) for blamed in self._doubted}
        self._doubted = {
            blamed: {each: self._doubted[blamed][each] for each in doubted}
            for blamed, doubted in files.items()
            if doubted
        }


def way(hit: Hit) -> Way:
    """
    Return what to blame: a holder, reached by way of a neighbor.

    A peer on the way could have delivered in the holder's name, or made the hit up:
    that must not keep us from the holder by other ways.
    """
    return hit.route[:1], hit.peer
