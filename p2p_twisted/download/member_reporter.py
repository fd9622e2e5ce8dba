"""Tell the reporter of a folder what becomes of some of its files."""

from collections.abc import Iterable
from itertools import chain
from typing import Final

from p2p_twisted.download.progress import (
    Checking,
    Copying,
    Receiving,
    Seeking,
    State,
    Undelivered,
    Waiting,
)
from p2p_twisted.download.reporter import Reporter
from p2p_twisted.explain.facts import Obstacles
from p2p_twisted.wire.names import PeerName

_SEEKING: Final = Seeking()


class MemberReporter:
    """
    Tells the reporter of a whole what becomes of some of its files.

    Bytes count for the whole. Of states only what is true of the whole shows: some
    holder delivers, something that is here is checked or copied, neither, or no holder has
    delivered for long.

    :param others: the reporters of all files that are downloaded at the same time.
    """

    def __init__(self, whole: Reporter, others: "set[MemberReporter]") -> None:
        self._whole = whole
        self._others = others
        self._state: State = Seeking()
        others.add(self)
        self.account = whole.account
        self.moved = whole.moved
        self.advanced = whole.advanced
        self.resized = whole.resized

    def close(self) -> None:
        """Count for the state of the whole no longer."""
        self._others.remove(self)

    # See DownloadObserver

    def become(self, state: State) -> None:
        """Change the state."""
        self._state = state
        states = [other._state for other in self._others]
        if all(isinstance(each, Waiting) for each in states):
            self._whole.become(Waiting(*_obstacles(states)))
        elif not any(isinstance(each, Receiving) for each in states):
            at_hand = [each for each in states if isinstance(each, Checking | Copying)]
            if at_hand:
                self._whole.become(at_hand[0])
            else:
                self._whole.seeking(Seeking(*_obstacles(states)))

    def seeking(self, state: Seeking = _SEEKING) -> None:
        """No holder delivers; it is still waiting if it was."""
        if not isinstance(self._state, Waiting):
            self.become(state)

    def queued(self) -> None:
        """Ignore it: of a whole it would be true only if it were of all."""

    def receiving(self, holder: PeerName, how: str | None = None) -> None:
        """A holder delivers."""
        self._state = Receiving()
        self._whole.receiving(holder, how)

    def delivered(self, holder: PeerName, count: int) -> None:
        """A holder has delivered more bytes, which are verified."""
        self._state = Receiving()
        self._whole.delivered(holder, count)


def _obstacles(states: Iterable[State]) -> Obstacles:
    """Put together what keeps some files waiting: see :class:`.progress.Undelivered`."""
    waiting = [each for each in states if isinstance(each, Undelivered)]
    unreachable = dict.fromkeys(chain.from_iterable(each.unreachable for each in waiting))
    refused = dict.fromkeys(chain.from_iterable(each.refused for each in waiting))
    misdated = dict.fromkeys(chain.from_iterable(each.misdated for each in waiting))
    return tuple(unreachable), tuple(refused), tuple(misdated)
