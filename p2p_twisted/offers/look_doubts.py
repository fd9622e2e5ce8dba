"""Decide whether a look at an offer has told of all, and what to do where it may not have."""

from typing import Final

from attrs import define, field

from p2p_twisted.offers.limits import AUDIENCE_NAMED
from p2p_twisted.offers.look import Look
from p2p_twisted.wire.names import PeerName

# With no more than so many, all links are asked at once: that is six lines for each of them.
_FEW: Final = 200
# By then neighbors have given up a peer that has died, and the tree leads round it.
_GIVEN_UP_SECONDS: Final = 25.0
_LOOK_AGAIN_SECONDS: Final = 20.0
# Twice, at first: by one of these all of their neighbors have pinged them in vain, and none has
# given them up.
_FIRST_AGAIN_SECONDS: Final = 6.0
# Of very many, all links are asked no more often, whatever anybody says.
_EVERY_LINK_AGAIN_SECONDS: Final = 300.0


@define
class LookDoubts:
    """
    Who may be missing in looks along the tree.

    Whoever is silent may hide those behind it, until all of its neighbors know that it is: then a
    look along the tree proves that it hides nobody. Of few peers all are asked again at once, by
    every link, which costs three times as much. Of very many, those that have died are named by
    all of their neighbors first, and given up by them: then a look along the tree tells of those
    that were behind them. Until it does, nothing is settled.
    """

    _silent: dict[PeerName, None] = field(factory=dict)
    _receivers_before: int | None = None
    # When looks began not to tell of all; None while they do.
    _since: float | None = None
    _every_link_at: float = 0.0

    def suffices(self, look: Look, now: float) -> bool:
        """
        Return whether a look along the tree will do; otherwise all links are to be asked.

        :param now: in seconds on the monotonic clock.
        """
        if self._will_do(look):
            return True
        return look.answered > _FEW and (self._waits(look, now) or now < self._every_link_at)

    def settles(self, look: Look, now: float) -> bool:
        """Record a look; return whether what it tells will not change but by what others do."""
        if not (self._will_do(look) or look.is_by_every_link or look.answered <= _FEW):
            self._since = now if self._since is None else self._since
            return False
        if look.is_by_every_link:
            self._every_link_at = now + _EVERY_LINK_AGAIN_SECONDS
        is_settled = look.is_whole or look.tally.receivers == self._receivers_before
        self._since, self._receivers_before = None, look.tally.receivers
        for name in look.silent:
            if len(self._silent) < AUDIENCE_NAMED:
                self._silent[name] = None
        return is_settled

    def look_again(self, look: Look, now: float, seconds: float) -> float:
        """Return when to look again: sooner than in so many seconds, if that tells of all then."""
        if self._since is None or not self._waits(look, now):
            return seconds
        # How many have died shows only as long as they are named.
        is_new = now < self._since + 2 * _FIRST_AGAIN_SECONDS
        is_first = self._receivers_before is None and is_new
        return min(seconds, _FIRST_AGAIN_SECONDS if is_first else _LOOK_AGAIN_SECONDS)

    def _waits(self, look: Look, now: float) -> bool:
        """Return whether those that are silent, or were just now, may just have died."""
        if self._since is None:
            return bool(look.silent)
        return now < self._since + _GIVEN_UP_SECONDS

    def _will_do(self, look: Look) -> bool:
        """
        Return whether it does not matter who may be missing.

        It does where there were more before, or others were silent; and where nobody would look
        again, in a first look, or of few: who has just come may be missing, too.
        """
        if look.is_whole:
            return True
        if look.is_over and (self._receivers_before is None or look.answered <= _FEW):
            return False
        new = [name for name in look.silent if name not in self._silent]
        is_news = bool(new) and len(self._silent) < AUDIENCE_NAMED
        return look.tally.receivers >= (self._receivers_before or 0) and not is_news
