"""Which messages have been here before, by their ids."""

from typing import Final

from attrs import define, field

from p2p_twisted.overlay.limits import SEEN_IDS
from p2p_twisted.wire.names import MessageId

_GENERATION: Final = SEEN_IDS // 2


@define
class Seen:
    """
    A bounded memory of ids: the last 5,000 at least, and 10,000 at most.

    It keeps two generations and forgets the elder one as a whole: that takes no time, and
    no more memory than the ids themselves.
    """

    _young: dict[MessageId, None] = field(factory=dict)
    _old: dict[MessageId, None] = field(factory=dict)

    def __contains__(self, id_: MessageId) -> bool:
        return id_ in self._young or id_ in self._old

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def add(self, id_: MessageId) -> None:
        """Remember an id that has not been here before."""
        if len(self._young) >= _GENERATION:
            self._young, self._old = {}, self._young
        self._young[id_] = None
