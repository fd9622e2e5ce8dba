"""Whom to ask for what: nobody who has delivered something else."""

from enum import Enum, auto

from twisted.logger import Logger

from p2p_twisted.download import limits
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import FileId, PeerName

_Way = tuple[tuple[PeerName, ...], PeerName]


class Verdict(Enum):
    """
    What wrong content says of its holder.

    ``DOUBTED``: a file that is written to while the network has its bytes arrives wrong
    without anybody's fault. ``LIED``: nothing but a lie explains it.
    """

    DOUBTED = auto()
    LIED = auto()


class Trust:
    """
    Which holders are not asked, for ten minutes each.

    A liar is asked for nothing; a doubted one not for that file, and for nothing once
    it is doubted for another one.
    """

    log = Logger()

    def __init__(self) -> None:
        # Until when not to ask whom for a file, or for any.
        self._until: dict[tuple[_Way, FileId | None], float] = {}

    def may_ask(self, hit: Hit, now: float) -> bool:
        """Tell whether nothing speaks against a holder."""
        return all(self._until.get((_way(hit), file), 0.0) <= now for file in (hit.file, None))

    def judge(self, hit: Hit, file: FileId, verdict: Verdict, now: float) -> None:
        """Take note of what a holder has delivered in place of a file."""
        self._until = {key: until for key, until in self._until.items() if until > now}
        others = {way for way, doubted in self._until if doubted != file}
        is_liar = verdict is Verdict.LIED or _way(hit) in others
        if is_liar:
            self.log.warn("{holder} delivered wrong content", holder=hit.peer)
        else:
            self.log.info("{holder} delivered wrong bytes; has it changed?", holder=hit.peer)
        self._until[_way(hit), None if is_liar else file] = now + limits.LIAR_SECONDS


def _way(hit: Hit) -> _Way:
    """
    Tell whom to blame: a holder, by way of that neighbor.

    A peer on the way could have delivered in the holder's name, or made the hit up:
    that must not keep us from the holder by other ways.
    """
    return hit.route[:1], hit.peer
