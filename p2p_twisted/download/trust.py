"""Remember holders that delivered something else, and neighbors that led to nobody."""

from enum import Enum, auto

from twisted.logger import Logger

from p2p_twisted.download import limits
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import FileId, PeerName

Way = tuple[tuple[PeerName, ...], PeerName]


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
    nothing once it is doubted for another one. A holder that does not deliver may not even
    exist: then the neighbor that has named it is the last one to be followed, for as long.
    """

    log = Logger()

    def __init__(self) -> None:
        # Until when a holder is not asked for a file, or with None for any, in seconds.
        self._until: dict[tuple[Way, FileId | None], float] = {}
        # Until when the first peer on the way to a holder is followed last.
        self._led_to_nobody: dict[tuple[PeerName, ...], float] = {}

    def may_ask(self, hit: Hit, now: float) -> bool:
        """Return whether nothing speaks against a holder."""
        file_ids = (hit.file, None)
        return all(self._until.get((way(hit), file_id), 0.0) <= now for file_id in file_ids)

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
        self._until = {key: until for key, until in self._until.items() if until > now}
        others = {blamed for blamed, doubted in self._until if doubted != file_id}
        is_liar = verdict is Verdict.LIED or way(hit) in others
        if is_liar:
            self.log.warn("{holder} delivered wrong content", holder=hit.peer)
        else:
            self.log.info("{holder} delivered wrong bytes; has it changed?", holder=hit.peer)
        self._until[way(hit), None if is_liar else file_id] = now + limits.LIAR_SECONDS


def way(hit: Hit) -> Way:
    """
    Return what to blame: a holder, reached by way of a neighbor.

    A peer on the way could have delivered in the holder's name, or made the hit up:
    that must not keep us from the holder by other ways.
    """
    return hit.route[:1], hit.peer
