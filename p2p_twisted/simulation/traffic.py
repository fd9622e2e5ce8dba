"""How many lines and bytes simulated peers send, and what for."""

from collections import Counter
from typing import Final

from attrs import define, field

from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.messages import Ask, Gossip, Message, Told
from p2p_twisted.wire.names import MessageId

# Writing every line out would take longer than all the rest of a simulation.
_SAMPLE: Final = 64


@define
class LineCount:
    """
    Lines are counted; of their bytes, every 64th line of a kind is a sample.

    :ivar copies: how often each broadcast was sent.
    :ivar asked: how many lines each query, with its answers, took.
    """

    copies: "Counter[MessageId]" = field(factory=Counter)
    asked: "Counter[MessageId]" = field(factory=Counter)
    _lines: "Counter[type[Message]]" = field(factory=Counter)
    _sizes: "Counter[type[Message]]" = field(factory=Counter)

    def add(self, message: Message) -> None:
        """Count a line."""
        kind = type(message)
        if self._lines[kind] % _SAMPLE == 0:
            self._sizes[kind] += len(encode(message))
        self._lines[kind] += 1
        match message:
            case Gossip():
                self.copies[message.id] += 1
            case Ask() | Told():
                self.asked[message.id] += 1

    @property
    def bytes(self) -> float:
        """About how many bytes all lines together have."""
        return sum(
            self._sizes[kind] / -(-lines // _SAMPLE) * lines for kind, lines in self._lines.items()
        )
