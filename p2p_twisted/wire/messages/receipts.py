"""What the receivers of an offer say of it: each for itself, and all together."""

from collections.abc import Mapping
from operator import add
from typing import Annotated, Any, Final, Literal, Self, get_args

import attrs
from msgspec import Meta

from p2p_twisted.wire import limits
from p2p_twisted.wire.messages.message import Size
from p2p_twisted.wire.names import PeerName, valid_text

ReceiptState = Literal["failed", "no space", "refused", "asked", "waiting", "fetching", "saved"]
"""
How far a receiver is, the worst first.

``asked`` means that a person there is to decide, and ``waiting`` that it has not begun.
"""

RECEIPT_STATES: Final[tuple[ReceiptState, ...]] = get_args(ReceiptState)

_RATE_MOST: Final = 1e12
_SECONDS_LEFT_MOST: Final = 1e9
_RECEIVED_MOST: Final = limits.ANSWERED * limits.FILE_BYTES

Receivers = Annotated[int, Meta(ge=0, le=limits.ANSWERED)]
Rate = Annotated[float, Meta(ge=0, le=_RATE_MOST)]


@attrs.frozen
class Receipt:
    """
    How far one receiver of an offer is.

    :ivar peer: its name.
    :ivar state: ``waiting`` until it begins; ``asked`` while a person is to decide.
    :ivar received: how much of it is there, in bytes.
    :ivar rate: of the last seconds, in bytes a second.
    :ivar reason: why it is not saved, for people.
    """

    peer: PeerName
    state: ReceiptState
    received: Size = 0
    rate: Rate = 0.0
    reason: Annotated[str, Meta(max_length=limits.RECEIPT_REASON_CHARACTERS)] = attrs.field(
        default="", validator=valid_text
    )


@attrs.frozen
class Tally:
    """
    How many receivers of an offer are how far.

    :ivar failed: receivers that could not fetch it.
    :ivar no_space: receivers whose disk has no room for it.
    :ivar refused: receivers that do not want it.
    :ivar asked: receivers where a person is to decide.
    :ivar waiting: receivers that have not begun.
    :ivar fetching: receivers that have begun.
    :ivar saved: receivers that have all of it.
    :ivar late: receivers, counted above, that have not heard of it by its broadcast: they came
        later.
    :ivar unmeant: peers that know of it, and that it is not for.
    :ivar unshared: of these, who pushes it, if it shares it no more as it was.
    :ivar received: how much of it the receivers have, together, in bytes.
    :ivar rate: theirs, together, in bytes a second.
    :ivar seconds_left: until the last of those that are fetching has it.
    """

    failed: Receivers = 0
    no_space: Receivers = 0
    refused: Receivers = 0
    asked: Receivers = 0
    waiting: Receivers = 0
    fetching: Receivers = 0
    saved: Receivers = 0
    late: Receivers = 0
    unmeant: Receivers = 0
    unshared: Receivers = 0
    received: Annotated[int, Meta(ge=0, le=_RECEIVED_MOST)] = 0
    rate: Rate = 0.0
    seconds_left: Annotated[float, Meta(ge=0, le=_SECONDS_LEFT_MOST)] = 0.0

    @classmethod
    def of(cls, receipt: Receipt, size: int, is_late: bool = False) -> Self:
        """Count one receiver of so many bytes, which may have come later."""
        left = (size - receipt.received) / receipt.rate if receipt.rate else 0.0
        counted: dict[str, Any] = {_field(receipt.state): 1}
        return cls(
            **counted,
            late=int(is_late),
            received=receipt.received,
            rate=receipt.rate,
            seconds_left=min(max(0.0, left), _SECONDS_LEFT_MOST),
        )

    @property
    def counts(self) -> Mapping[ReceiptState, int]:
        """How many receivers are in each state."""
        return {state: getattr(self, _field(state)) for state in RECEIPT_STATES}

    @property
    def receivers(self) -> int:
        """How many receivers it counts."""
        return sum(self.counts.values())

    @property
    def peers(self) -> int:
        """How many peers know of the offer, be it for them or not."""
        return self.receivers + self.unmeant

    def plus(self, other: "Tally") -> "Tally":
        """Count others, too; what would be out of bounds stays at its bound."""
        sums = map(add, _summed(self), _summed(other))
        last = max(self.seconds_left, other.seconds_left)
        return Tally(*map(min, (*sums, last), _MOST))

    def without(self, receipt: Receipt, size: int) -> "Tally":
        """Count one receiver of so many bytes less, which is none."""
        state = _field(receipt.state)
        come = size if receipt.state == "saved" else receipt.received
        less: dict[str, Any] = {
            state: max(0, getattr(self, state) - 1),
            "received": max(0, self.received - come),
            "rate": max(0.0, self.rate - receipt.rate),
        }
        return attrs.evolve(self, **less)


_MOST: Final[tuple[Any, ...]] = (
    *[limits.ANSWERED] * (len(RECEIPT_STATES) + 3),
    *(_RECEIVED_MOST, _RATE_MOST, _SECONDS_LEFT_MOST),
)


def _summed(tally: Tally) -> tuple[Any, ...]:
    """Return all but the last field, which alone does not add up."""
    return attrs.astuple(tally)[:-1]


def _field(state: ReceiptState) -> str:
    return state.replace(" ", "_")
