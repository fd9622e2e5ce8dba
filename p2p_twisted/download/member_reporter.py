"""Make one report of what many files, fetched at the same time, tell of themselves."""

from typing_extensions import override

from p2p_twisted.download.progress import Receiving, Seeking, State, Waiting
from p2p_twisted.download.reporter import Reporter
from p2p_twisted.wire.names import PeerName


class MemberReporter(Reporter):
    """
    What some of the files tell.

    Bytes count for the whole. Of states only what is true of the whole shows: somebody
    delivers, nobody does, or nobody has for long.
    """

    def __init__(self, whole: Reporter, others: "set[MemberReporter]") -> None:
        self._whole = whole
        self._others = others
        self._state: State = Seeking()
        others.add(self)

    @override
    def seeking(self) -> None:
        if not isinstance(self._state, Waiting):
            self.become(Seeking())

    @override
    def receiving(self, holder: PeerName) -> None:
        self._state = Receiving()
        self._whole.receiving(holder)

    @override
    def delivered(self, holder: PeerName, count: int) -> None:
        self._state = Receiving()
        self._whole.delivered(holder, count)

    @override
    def moved(self, holder: PeerName, count: int) -> None:
        self._whole.moved(holder, count)

    @override
    def become(self, state: State) -> None:
        self._state = state
        states = [other._state for other in self._others]
        if all(isinstance(each, Waiting) for each in states):
            self._whole.become(state)
        elif not any(isinstance(each, Receiving) for each in states):
            self._whole.seeking()

    @override
    def resized(self, by: int) -> None:
        self._whole.resized(by)

    @override
    def advanced(self, count: int) -> None:
        self._whole.advanced(count)

    @override
    def close(self) -> None:
        self._others.remove(self)
